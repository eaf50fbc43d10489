"""Ask in one agent's name: its prompt, its question templates, its routing wishes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.contract import ModelUnavailable, Offered, Profile, Reply, Turn, Workbench
from agents.text import grammars
from agents.text.bags import BY_WORDS, compared
from agents.text.fence import fenced
from agents.text.words import words
from agents.verifiers import prose, structure

SMALL_WINDOW_TOKENS = 1200  # a question to a small model: beyond this its answers lose the thread
LARGE_WINDOW_TOKENS = 24_000
RECALLED = 2  # earlier results that an agent looks at, where its profile says so
_MOST_LOOKED_UP, _MOST_SHOWN = 400, 800  # characters
_SHORTEST_LINE_WORDS = 2


@dataclass(frozen=True)
class Asker:
    """The bench of one step, spoken to as one agent; every question names a template of the profile in force."""

    bench: Workbench
    own: Profile
    _told: set[str] = field(default_factory=set, compare=False)

    @property
    def profile(self) -> Profile:
        """The agent's profile as it is in force for this step."""
        return self.bench.in_force(self.own)

    def __call__(
        self,
        name: str,
        *,
        max_output_tokens: int = 200,
        schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        temperature: float | None = 0.1,
        task_kind: str = "",
        turns: Sequence[Turn] = (),
        tools: Sequence[Offered] = (),
        last_word: str = "",
        **fields: Any,
    ) -> Reply:
        """Ask one question; raises ModelUnavailable. `turns` went before, `tools` may be asked for, `last_word` follows them."""
        profile = self.profile
        question = profile.asks[name].format(**fields)
        given = {"turns": turns, "tools": tools, "last_word": last_word}
        conversation: dict[str, Any] = {name: value for name, value in given.items() if value}
        return self.bench.ask(
            question,
            system=f"{profile.prompt}{self._recalled(question)}",
            task_kind=task_kind or profile.task_kind,
            mode=profile.mode,
            max_output_tokens=max_output_tokens,
            schema=schema,
            grammar=grammar,
            temperature=temperature,
            **conversation,
        )

    def _recalled(self, question: str) -> str:
        """Return earlier results of like work as examples of form, where the profile looks them up."""
        if "recall" not in self.profile.looks_up:
            return ""
        found = [
            one
            for one in self.bench.recall(question[:_MOST_LOOKED_UP], limit=RECALLED)
            if one.agent == self.profile.kind
        ]
        pairs = [
            f"Asked: {one.request[:_MOST_LOOKED_UP]}\nAnswered: {one.output[:_MOST_SHOWN]}" for one in found
        ]
        shown = fenced("\n\n".join(pairs), origin="earlier work") if pairs else ""
        return f"\n\nEarlier work, for its form alone:\n{shown}" if shown else ""

    def structured(self, name: str, schema: Mapping[str, Any], **fields: Any) -> dict[str, Any] | None:
        """Return an answer as the object that fits the schema; None where none comes that does, and why is told."""
        try:
            reply = self(name, schema=schema, **fields)
            answer: dict[str, Any] = json.loads(reply.text[reply.text.find("{") : reply.text.rfind("}") + 1])
            fault = structure.invalid(answer, schema)
        except ModelUnavailable as away:
            fault = away.reason
        except ValueError:
            fault = "the answer is not one JSON object"
        if not fault:
            return answer
        self.bench.note(f"The model gave nothing usable for {name!r} ({fault}); the work goes on without it.")
        return None

    def vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """Return what texts are compared by; where that is their words, since embeddings are away, it is told once."""
        vectors, by_words = compared(texts, self.bench.embed)
        if by_words and BY_WORDS not in self._told:
            self._told.add(BY_WORDS)
            self.bench.note(f"Texts are compared {BY_WORDS}.")
        return vectors

    def capable(self, task_kind: str = "") -> bool:
        """Return whether a strong model would answer this agent now."""
        return self.bench.capable(task_kind or self.profile.task_kind, self.profile.mode)

    def window_tokens(self, task_kind: str = "") -> int:
        """Return how much text one question may carry."""
        return LARGE_WINDOW_TOKENS if self.capable(task_kind) else SMALL_WINDOW_TOKENS

    def lines(self, name: str, *, count: int, **fields: Any) -> list[str]:
        """Return up to `count` short lines the model names, without doubles; none where no model answers."""
        grammar = grammars.lines(count)
        try:
            reply = self(name, grammar=grammar, max_output_tokens=40 * count, temperature=0.3, **fields)
        except ModelUnavailable:
            return []
        rows = grammars.read_lines(reply.text, limit=count)
        whole = rows if reply.complete else rows[:-1]
        return list(
            {
                row.casefold().rstrip("."): row for row in whole if len(words(row)) >= _SHORTEST_LINE_WORDS
            }.values()
        )

    def remark(self, name: str, *, source: str, **fields: Any) -> str:
        """Return one sentence about facts that are already established, "" where it would add to them or no model answers."""
        try:
            reply = self(name, grammar=grammars.sentence(), max_output_tokens=70, **fields)
        except ModelUnavailable:
            return ""
        text = prose.opening(reply.text).strip()
        asked = self.profile.asks[name]  # "needs attention" may be said of a report whose question says it
        checks = (
            prose.complete(reply),
            prose.repetition(text),
            prose.faithful(text, source),
            prose.grounded(text, [source, asked]),
        )
        self.bench.judge(checks)
        return text if words(text) and all(check.passed for check in checks) else ""
