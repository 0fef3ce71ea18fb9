"""A Kubernetes control plane without nodes: the real API server and controllers, and a kubelet that only says yes.

Whatever is admitted, made and counted by Kubernetes itself is so here; no container ever runs.
"""

import json
import secrets
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from local.ports import free_port
from tests.infra.tools import output, tool

Object = dict[str, Any]

NODE = "yes"
HERE = "127.0.0.1"


class Plane:
    """The running control plane, and the kubelet of its one node."""

    def __init__(self, home: Path) -> None:
        self.kubeconfig = home / "kubeconfig"
        self.refused: set[str] = set()  #: apps whose containers fail
        self.started: list[str] = []  #: apps of the pods, in the order in which they were started
        self._home = home
        self._url = f"https://{HERE}:{free_port()}"
        self._token = secrets.token_hex(16)
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname = False  # its certificate is its own, made at its start
        self._trusting.verify_mode = ssl.CERT_NONE

    @contextmanager
    def running(self) -> Iterator[None]:
        """Everything runs while the block does."""
        home, client, peer = self._home, f"http://{HERE}:{free_port()}", f"http://{HERE}:{free_port()}"
        output("openssl", "genrsa", "-out", home / "key", "2048")
        (home / "tokens.csv").write_text(f'{self._token},admin,admin,"system:masters"\n')
        self.kubeconfig.write_text(json.dumps(self._config()))
        etcd = {
            "data-dir": home / "etcd",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
        }
        server = {
            "etcd-servers": client,
            "bind-address": HERE,
            "advertise-address": HERE,
            "endpoint-reconciler-type": "none",
            "secure-port": self._url.rpartition(":")[2],
            "cert-dir": home,
            "token-auth-file": home / "tokens.csv",
            "authorization-mode": "RBAC",
            "service-cluster-ip-range": "10.0.0.0/16",
            "service-account-issuer": "https://plane.invalid",
            "service-account-key-file": home / "key",
            "service-account-signing-key-file": home / "key",
        }
        controllers = {"kubeconfig": self.kubeconfig, "leader-elect": "false", "secure-port": "0"}
        stop = threading.Event()
        with ExitStack() as stack:
            stack.enter_context(self._part("etcd", etcd))
            stack.enter_context(self._part("kube-apiserver", server))
            self._until_ready()
            stack.enter_context(self._part("kube-controller-manager", controllers))
            self.ask("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
            kubelet = threading.Thread(target=self._kubelet, args=(stop,))
            kubelet.start()
            stack.callback(kubelet.join)
            stack.callback(stop.set)
            yield

    def ask(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Any:
        """One request to the API server as its administrator."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        with urllib.request.urlopen(request, context=self._trusting, timeout=10) as answer:
            return json.load(answer)

    def _config(self) -> Object:
        cluster = {"server": self._url, "insecure-skip-tls-verify": True}
        return {
            "apiVersion": "v1", "kind": "Config", "current-context": "plane",
            "clusters": [{"name": "plane", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self._token}}],
            "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "admin"}}],
        }  # fmt: skip

    @contextmanager
    def _part(self, name: str, options: Mapping[str, object]) -> Iterator[None]:
        command = [tool("kube-plane"), name, *(f"--{key}={value}" for key, value in options.items())]
        with (
            (self._home / f"{name}.log").open("w") as log,
            subprocess.Popen(command, stdout=log, stderr=log) as process,
        ):
            try:
                yield
            finally:
                process.terminate()
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()

    def _until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                self.ask("GET", "/api/v1/namespaces/kube-system")
            except OSError as error:
                if time.monotonic() > deadline:
                    said = (self._home / "kube-apiserver.log").read_text()[-2000:]
                    raise TimeoutError(f"no API server within 2 minutes\n{said}") from error
            else:
                return
            time.sleep(0.3)

    def _kubelet(self, stop: threading.Event) -> None:
        while not stop.wait(0.2):
            try:
                for pod in self.ask("GET", "/api/v1/pods")["items"]:
                    self._kept(pod)
            except OSError:
                continue  # somebody else has just changed that pod, or all is about to end

    def _kept(self, pod: Object) -> None:
        meta, path = pod["metadata"], "/api/v1/namespaces/{namespace}/pods/{name}".format(**pod["metadata"])
        if "deletionTimestamp" in meta:
            self.ask("DELETE", path, {"gracePeriodSeconds": 0})
        elif pod["status"]["phase"] == "Pending":
            if "nodeName" not in pod["spec"]:
                binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": meta["name"]}}
                self.ask("POST", f"{path}/binding", binding | {"target": {"kind": "Node", "name": NODE}})
            status = self._status(pod)
            self.ask("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")
            self.started.append(meta["labels"]["app.kubernetes.io/name"])

    def _status(self, pod: Object) -> Object:
        """Running, done or failed, at once."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        once = any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ()))
        failed = pod["metadata"]["labels"]["app.kubernetes.io/name"] in self.refused
        ended = {
            "exitCode": int(failed),
            "reason": "Error" if failed else "Completed",
            "startedAt": now,
            "finishedAt": now,
        }
        state = {"terminated": ended} if once else {"running": {"startedAt": now}}
        fixed = {"imageID": "", "restartCount": 0, "ready": not once, "state": state}
        ready = ("PodScheduled", "Initialized", *(() if once else ("ContainersReady", "Ready")))
        return {
            "phase": ("Failed" if failed else "Succeeded") if once else "Running",
            "startTime": now,
            "conditions": [{"type": one, "status": "True", "lastTransitionTime": now} for one in ready],
            "containerStatuses": [
                {"name": one["name"], "image": one["image"]} | fixed for one in pod["spec"]["containers"]
            ],
        }
