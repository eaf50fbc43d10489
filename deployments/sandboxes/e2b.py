"""The one door to the E2B SDK: a sandbox is opened in E2B's cloud or at our own server, used, and always closed.

Nothing here knows which of the two it is but `Where`; the SDK's errors become those of `contract` and `outcomes`.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from deployments.sandboxes.e2b_errors import quiet, translated
from deployments.sandboxes.outcomes import (
    KEPT_BYTES,
    CellOutcome,
    CommandOutcome,
    Kept,
    SandboxEnded,
    limit_broken,
    shell_exit_code,
)
from deployments.sandboxes.permit import Permit, seal

NOTHING: Mapping[str, str] = {}
CONNECT_S = 30.0  # for requests that answer at once
ALL_TRAFFIC = "0.0.0.0/0"
TIMED_OUT = "Execution timed out"  # how the SDK says it of a cell; its other words mean that the box is gone


@dataclass(frozen=True, slots=True)
class Where:
    """Whose boxes: E2B's with its key, else those of our server, whose address carries the secret as its password."""

    e2b_api_key: str = ""
    sandboxes_url: str = ""

    @property
    def name(self) -> str:
        """How a run's row names it."""
        return "e2b" if self.e2b_api_key else "bubblewrap"

    def options(self, permit: Permit) -> dict[str, Any]:
        """Return how the SDK reaches it. Arguments, not variables: two tenants are never confused by an environment."""
        if self.e2b_api_key:
            return {"api_key": self.e2b_api_key, "request_timeout": CONNECT_S}
        parts = urlsplit(self.sandboxes_url)
        address = f"{parts.scheme}://{parts.hostname}:{parts.port}"
        return {
            "api_key": seal(permit, parts.password or ""),
            "api_url": address,
            "sandbox_url": address,
            "http_version": "1.1",
            "debug": False,
            "request_timeout": CONNECT_S,
        }


class OpenSandbox:
    """A sandbox that is open; `box_ms` is its age, and its whole life once it is closed."""

    def __init__(self, sandbox: Any) -> None:
        self._sandbox = sandbox
        self._opened = time.monotonic()
        self._closed: float | None = None

    @property
    def id(self) -> str:
        """Its name at the server."""
        return str(self._sandbox.sandbox_id)

    @property
    def box_ms(self) -> int:
        """How long it has lived."""
        return round(((self._closed or time.monotonic()) - self._opened) * 1000)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files by their path, relative to the home; folders are made."""
        entries = [{"path": path, "data": data} for path, data in files.items()]
        with translated():
            self._sandbox.files.write_files(entries)

    def read(self, path: str) -> bytes:
        """Return one file."""
        with translated():
            return bytes(self._sandbox.files.read(path, format="bytes"))

    def entries(self, path: str, *, depth: int) -> dict[str, int]:
        """Return the size of each plain file below a folder, by its path relative to it."""
        with translated():
            found = self._sandbox.files.list(path, depth=depth)
        plain = (entry for entry in found if entry.type is not None and entry.type.value == "file")
        root = path.rstrip("/") + "/"
        return {entry.path.removeprefix(root): int(entry.size) for entry in plain}

    def command(
        self,
        command: str,
        *,
        timeout_s: float,
        cwd: str | None = None,
        environment: Mapping[str, str] = NOTHING,
    ) -> CommandOutcome:
        """Run a shell command to its end, or until its time is up; raise SandboxEnded where the box ends first."""
        from e2b import CommandExitException, TimeoutException

        out, err, both = Kept(), Kept(), Kept(2 * KEPT_BYTES)

        def said(stream: Kept, text: str) -> None:
            stream.add(text)
            both.add(text)

        started, exit_code, error, timed_out = time.monotonic(), 0, "", False
        try:
            with translated(but=(CommandExitException, TimeoutException)):
                self._sandbox.commands.run(
                    command,
                    cwd=cwd,
                    envs=dict(environment),
                    timeout=timeout_s,
                    on_stdout=partial(said, out),
                    on_stderr=partial(said, err),
                    retain_output=False,
                )
        except CommandExitException as ending:
            exit_code, error = ending.exit_code, ending.error or ""
        except TimeoutException:
            exit_code, timed_out = -1, True
        return CommandOutcome(
            command=command,
            exit_code=shell_exit_code(exit_code, error),
            stdout=out.text(),
            stderr=err.text(),
            output=both.text(),
            timed_out=timed_out,
            truncated=out.truncated or err.truncated,
            duration_ms=round((time.monotonic() - started) * 1000),
            stopped="the time was up" if timed_out else limit_broken(error),
        )

    def cell(self, code: str, *, language: str, timeout_s: float) -> CellOutcome:
        """Run code in the language's kernel; variables of earlier cells are there."""
        from e2b import TimeoutException

        out, err = Kept(), Kept()
        results: list[Mapping[str, Any]] = []
        error: Mapping[str, str] | None = None
        started, timed_out = time.monotonic(), False
        try:
            with translated(but=(TimeoutException,)):
                execution = self._sandbox.run_code(
                    code,
                    language=language,
                    timeout=timeout_s,
                    on_stdout=lambda message: out.add(message.line),
                    on_stderr=lambda message: err.add(message.line),
                    on_result=lambda result: results.append(_shown(result)),
                )
                error = _failure(execution.error)
        except TimeoutException as reason:
            timed_out = str(reason).startswith(TIMED_OUT)
            if not timed_out:
                raise SandboxEnded(str(reason)) from reason
        return CellOutcome(
            stdout=out.text(),
            stderr=err.text(),
            results=tuple(results),
            error=error,
            timed_out=timed_out,
            truncated=out.truncated or err.truncated,
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    def end(self) -> None:
        """End the box; also from another thread, whose command then ends with it. Safe to repeat."""
        with suppress(*quiet()):
            self._sandbox.kill()
        self._closed = self._closed or time.monotonic()


@contextmanager
def open_sandbox(
    where: Where,
    permit: Permit,
    *,
    lifetime_s: float,
    hosts: tuple[str, ...] = (),
    environment: Mapping[str, str] = NOTHING,
    metadata: Mapping[str, str] = NOTHING,
) -> Iterator[OpenSandbox]:
    """Open a sandbox for the block. Raise SandboxUnavailable, SandboxBusy or SandboxRefused: then nothing ran."""
    from e2b_code_interpreter import Sandbox

    network: Any = {"allow_out": list(hosts), "deny_out": [ALL_TRAFFIC]} if hosts else None
    with translated():
        sandbox = Sandbox.create(
            timeout=max(1, round(lifetime_s)),
            allow_internet_access=bool(hosts),
            network=network,
            envs=dict(environment),
            metadata={"tenant": permit.tenant, **metadata},
            **where.options(permit),
        )
    opened = OpenSandbox(sandbox)
    try:
        yield opened
    finally:
        opened.end()


def end_boxes(where: Where, permit: Permit, *, metadata: Mapping[str, str]) -> None:
    """End the tenant's boxes that bear these marks: whoever opened them is gone. One that cannot be reached ends with its time."""
    from e2b_code_interpreter import Sandbox, SandboxQuery

    options = where.options(permit)
    marks = {"tenant": permit.tenant, **metadata}
    with suppress(*quiet()):
        pages = Sandbox.list(query=SandboxQuery(metadata=marks), **options)
        while pages.has_next:
            for found in pages.next_items():
                Sandbox.kill(found.sandbox_id, **options)


def _shown(result: Any) -> Mapping[str, Any]:
    """Return the formats of a result as plain values."""
    formats: dict[str, Any] = {}
    for name in result.formats():
        value = result.chart.to_dict() if name == "chart" else getattr(result, name, None)
        formats[name] = (result.extra or {}).get(name) if value is None else value
    return {**formats, "is_main_result": bool(result.is_main_result)}


def _failure(error: Any) -> Mapping[str, str] | None:
    if error is None:
        return None
    return {"name": error.name, "value": error.value, "traceback": error.traceback}
