#!/bin/bash
# Boots systemd in a root directory: own processes, mounts, cgroups and host name, but this machine's network, so that it
# reaches what listens on 127.0.0.1. It may not touch the kernel: /sys and /proc/sys are read-only, capabilities are few.
#   unshare --mount bash boot.sh ROOT
set -euo pipefail

outside() {
  mount --make-rprivate /
  mount --bind "$1" "$1"
  # A cgroup of its own, from which systemd cannot get at ours; whatever version of cgroups this machine mounts.
  local groups="$1/mnt" group="$1/mnt/plugwatch-$$" machine
  mount -t cgroup2 cgroup "$groups"
  mkdir "$group"
  (
    echo "$BASHPID" > "$group/cgroup.procs"
    exec unshare --pid --fork --kill-child --uts --ipc --cgroup --mount bash "$0" "$1" inside
  ) &
  machine=$!
  trap 'kill -KILL "$machine" 2>/dev/null || true' TERM INT
  wait "$machine" || true
  # Its processes are gone with their init, a moment later.
  for _ in $(seq 50); do
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.1
  done
}

inside() {
  cd "$1"
  umount mnt
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup sys/fs/cgroup
  mount --bind proc/sys proc/sys
  mount -o remount,ro,bind proc/sys
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs tmpfs tmp
  mount -t tmpfs -o mode=755 tmpfs dev
  local device
  for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
  done
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  mount -t tmpfs tmpfs dev/shm
  hostname -F etc/hostname
  pivot_root . mnt
  umount -l /mnt
  exec env -i container=plugwatch PATH=/usr/sbin:/usr/bin setpriv --bounding-set \
    -sys_module,-sys_time,-sys_boot,-sys_rawio,-net_admin,-mknod,-syslog,-audit_control,-audit_read,-bpf,-perfmon \
    /lib/systemd/systemd
}

"${2:-outside}" "$1"
