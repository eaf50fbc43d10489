"""A bench with the real local model, the real embeddings and the real sandbox, without Django and without rows."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from agents.contract import CodeRun, CodeRunUnavailable, Evidence, Profile, Recollection, Reply
from agents.replay_effects import NoEffects
from deployments.boxes.contract import BoxSpec, Ended, Output
from deployments.boxes.errors import BoxUnavailable
from deployments.boxes.opening import open_box

MODEL = "smollm2-135m"


class LiveBench(NoEffects):
    """A Workbench; `asked` keeps each call with its seconds for the trial's report."""

    def __init__(self, model_url: str, embeddings_url: str, *, seed: int = 7) -> None:
        self.model_url, self.embeddings_url, self.seed = (
            model_url.rstrip("/"),
            embeddings_url.rstrip("/"),
            seed,
        )
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.judged: list[tuple[Evidence, ...]] = []

    def in_force(self, own: Profile) -> Profile:
        return own

    def capable(self, task_kind: str = "chat", mode: str = "balance") -> bool:
        return False

    def ask(
        self,
        prompt: str,
        *,
        system: str,
        task_kind: str = "chat",
        mode: str = "balance",
        max_output_tokens: int = 400,
        schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        temperature: float | None = None,
    ) -> Reply:
        body: dict[str, Any] = {"model": MODEL, "max_tokens": max_output_tokens, "seed": self.seed}
        body["messages"] = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
        body |= {"temperature": temperature} if temperature is not None else {}
        body |= {"grammar": grammar} if grammar else {}
        if schema and not grammar:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": dict(schema)},
            }
        started = time.perf_counter()
        answer = _posted(f"{self.model_url}/chat/completions", body)
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        self.asked.append({"prompt": prompt, "answer": text, "s": round(time.perf_counter() - started, 2)})
        return Reply(text, MODEL, choice["finish_reason"], 0.5, capable=False)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        answer = _posted(f"{self.embeddings_url}/embeddings", {"model": "minilm", "input": list(texts)})
        return [row["embedding"] for row in answer["data"]]

    def recall(
        self, text: str, *, limit: int = 3, scope: str = "", kind: str = ""
    ) -> tuple[Recollection, ...]:
        return ()

    def remember(self, text: str, **options: Any) -> str:
        return ""

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        try:
            return asyncio.run(_run(code, files, timeout_s))
        except BoxUnavailable as error:
            raise CodeRunUnavailable(str(error)) from error

    def judge(self, evidence: Sequence[Evidence]) -> None:
        self.judged.append(tuple(evidence))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        return self.rows.get(name, [])


def _posted(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = httpx.post(url, json=body, timeout=120).raise_for_status().json()
    return found


async def _run(code: str, files: Mapping[str, str], timeout_s: float) -> CodeRun:
    """Run a script in a box of its own, as the product's sandbox does."""
    started, said, ended = time.perf_counter(), {"stdout": b"", "stderr": b""}, None
    async with await open_box(BoxSpec(lifetime_s=timeout_s + 30)) as box:
        for path, text in {**files, "main.py": code}.items():
            await box.files.write(path, text.encode())
        process = await box.start(["python3", "main.py"], stdin=False)
        try:
            async with asyncio.timeout(timeout_s):
                async for event in process.listen():
                    if isinstance(event, Output):
                        said[event.stream] += event.data
                    else:
                        ended = event
        except TimeoutError:
            ended = None
    code_ = ended.exit_code if isinstance(ended, Ended) else 137
    texts = {name: data.decode(errors="replace") for name, data in said.items()}
    return CodeRun(
        code_, texts["stdout"], texts["stderr"], ended is None, int((time.perf_counter() - started) * 1000)
    )
