"""A real hosting server for tests, and releases made of a few files."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from deployments.targets.contract import Kind, Phase, Place, Recipe, Spec, Status
from deployments.targets.local import LocalTarget
from miosa.embedded.processes import until
from miosa.embedded.server import free_port
from miosa.embedded.state import State
from miosa.environment import ROOT


class Server:
    """The server as it is run: a process of its own, which may be killed and started again on the same state."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.options = folder, options
        self.port, self.sites_port = free_port(), free_port()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            *(sys.executable, "-m", "deployments.hosting.server", "--port", str(self.port)),
            *("--sites-port", str(self.sites_port), "--state", str(self.folder), *self.options),
        ]
        names = [
            name for name in os.environ if name in {"PATH", "HOME", "LANG"} or name.startswith("COVERAGE")
        ]
        environ = {name: os.environ[name] for name in names}
        self.log = self.folder.with_name(f"{self.folder.name}.log")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=output, stderr=output, start_new_session=True
            )
        assert until(self._answers, timeout_s=20), self.log.read_text()
        self.target = LocalTarget(self.control_url)
        self.sites_url = self.target.host.health()["sites_url"]

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    @property
    def control_url(self) -> str:
        """The control side's address with its token."""
        return f"http://:{State(self.folder).secret('hosting')}@127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End it as the keeper does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class Files:
    """A bundle out of a mapping; `raw` replaces its archive by another one."""

    contents: Mapping[str, bytes]
    raw: bytes | None = None
    checksum: str = ""
    size_bytes: int = 0

    def __post_init__(self) -> None:
        told = "".join(
            f"{path}{hashlib.sha256(body).hexdigest()}" for path, body in sorted(self.contents.items())
        )
        self.checksum = self.checksum or hashlib.sha256(told.encode()).hexdigest()
        self.size_bytes = sum(map(len, self.contents.values()))

    def paths(self) -> Mapping[str, int]:
        return {path: len(body) for path, body in self.contents.items()}

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def tar(self) -> Iterator[bytes]:
        yield tar_of(self.contents) if self.raw is None else self.raw


def tar_of(contents: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    """Return an archive; `more` are members without content."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, body in contents.items():
            member = tarfile.TarInfo(path)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
        for member in more:
            tar.addfile(member)
    return raw.getvalue()


@dataclass
class Customer:
    """A tenant's service at a server, and the few calls that tests repeat."""

    server: Server
    name: str = "miosa-acme-site-1"
    tenant_id: str = "acme"
    settings: dict[str, Any] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=lambda: Recipe(kind=Kind.STATIC))

    @property
    def place(self) -> Place:
        return Place(self.tenant_id, f"service-of-{self.name}", self.name, settings=self.settings)

    def spec(self, contents: Mapping[str, bytes | str], **more: Any) -> Spec:
        files = Files(
            {path: body.encode() if isinstance(body, str) else body for path, body in contents.items()}
        )
        return Spec(self.place, more.pop("recipe", self.recipe), more.pop("bundle", files), **more)

    def deploy(self, key: str, contents: Mapping[str, bytes | str], **more: Any) -> Any:
        """Apply, wait until it is up, give it all traffic; return the reference."""
        ref = self.server.target.apply(self.spec(contents, **more), key=key)
        assert self.settled(ref).phase is Phase.RELEASING, self.status(ref)
        self.server.target.promote(ref)
        return ref

    def settled(self, ref: Any, timeout_s: float = 30) -> Status:
        """Wait until nothing is being built any more."""
        assert until(lambda: self.status(ref).phase is not Phase.BUILDING, timeout_s=timeout_s), self.status(
            ref
        )
        return self.status(ref)

    def status(self, ref: Any) -> Status:
        return self.server.target.status(ref)

    def log(self, ref: Any) -> str:
        return "\n".join(f"{line.stream}: {line.text}" for line in self.server.target.logs(ref).lines)

    def open(self, ref: Any, path: str = "", **more: Any) -> httpx.Response:
        """Open a page under the site's public address."""
        return httpx.request(
            more.pop("method", "GET"), self.status(ref).url + path, trust_env=False, timeout=30, **more
        )
