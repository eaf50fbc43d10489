"""A bench with the real local model, the real embeddings and the real sandbox, without Django and without rows."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from agents.contract import CodeRun, CodeRunUnavailable, Evidence, Recollection, Reply
from deployments.sandboxes.bubblewrap import Bubblewrap
from deployments.sandboxes.contract import SandboxUnavailable

MODEL = "smollm2-135m"


class LiveBench:
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
        self.sandbox = Bubblewrap()

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

    def recall(self, text: str, *, limit: int = 3) -> tuple[Recollection, ...]:
        return ()

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        try:
            run = self.sandbox.run(code, files=files, timeout_s=timeout_s)
        except SandboxUnavailable as error:
            raise CodeRunUnavailable(error.reason) from error
        return CodeRun(run.exit_code, run.stdout, run.stderr, run.timed_out, run.duration_ms)

    def judge(self, evidence: Sequence[Evidence]) -> None:
        self.judged.append(tuple(evidence))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        return self.rows.get(name, [])


def _posted(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = httpx.post(url, json=body, timeout=120).raise_for_status().json()
    return found
