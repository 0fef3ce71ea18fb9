"""Becomes the program given to it, so that it dies with its parent and, asked to, is not run by root.

Started by `local.process` only. It exists because Python code between fork and exec is unsafe in a threaded parent.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
libc = ctypes.CDLL(None, use_errno=True)


def enter_user_namespace() -> bool:
    """Become uid 1000 in a namespace of our own; outside of it we stay root, so every file stays ours."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
    return True


def become_nobody(directory: Path) -> None:
    """Where namespaces are refused (Docker's default): give `directory` to `nobody` and become that user."""
    nobody = pwd.getpwnam("nobody")
    for path in (directory, *directory.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    if not os.access(directory, os.W_OK | os.X_OK):
        sys.exit(f"root may not run this, and the user nobody cannot reach {directory}: start it as an ordinary user")


def die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for `death_signal` when the parent is gone; changing the user would undo that, so it is last."""
    libc.prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit("the parent died first")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--never-root", type=Path, metavar="DIR", help="the directory the program must own")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    if arguments.never_root and os.geteuid() == 0 and not enter_user_namespace():
        become_nobody(arguments.never_root)
    die_with(arguments.parent, arguments.death_signal)
    try:
        os.execvp(arguments.command[0], arguments.command)
    except OSError as error:
        sys.exit(f"{arguments.command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
