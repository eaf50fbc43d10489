"""What one call needs from a model: the kind of task, what matters most, and the hard limits."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from routing.errors import InvalidRequirement

TaskKind = Literal["chat", "code", "summarize", "extract", "reason", "embedding", "orchestration"]
Mode = Literal["speed", "quality", "cost", "balance"]
TASK_KINDS: tuple[str, ...] = get_args(TaskKind)
MODES: tuple[str, ...] = get_args(Mode)

# What a topic may be called: it becomes part of keys, of rows and of pages.
TOPIC = re.compile(r"(?:[a-z0-9][a-z0-9._-]{0,39})?")

# Inputs up to 2**10 tokens share one size class, then every power of two is a class of its own.
SMALLEST_CLASS_BITS = 10


def size_class(input_tokens: int) -> int:
    """0 for up to 1,024 tokens, 1 for up to 2,048, 2 for up to 4,096 and so on."""
    return (max(input_tokens, 1 << SMALLEST_CLASS_BITS) - 1).bit_length() - SMALLEST_CLASS_BITS


def area_of(task_kind: str, topic: str = "") -> str:
    """What is learned apart: a kind of task, or a topic within it as "kind/topic"."""
    return f"{task_kind}/{topic}" if topic else task_kind


def kind_of(area: str) -> str:
    """The kind of task that an area belongs to."""
    return area.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Checked when made: an unknown kind or mode, or a negative number, raises InvalidRequirement.

    `input_tokens` and `max_output_tokens` are estimates in tokens. `topic` is the caller's own name for a part of
    the kind ("algebra"), which is learned apart and starts from what the kind knows; `area` names the two together.
    `key` is what a scoreboard is looked up by; it is one interned string, because a string keeps its hash and a
    tuple does not.
    """

    task_kind: str
    mode: str = "balance"
    input_tokens: int = 0
    max_output_tokens: int = 512
    needs_tools: bool = False
    needs_json: bool = False
    topic: str = ""
    key: str = field(init=False, repr=False, compare=False)
    area: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.task_kind not in TASK_KINDS:
            raise InvalidRequirement("task_kind", self.task_kind, TASK_KINDS)
        if self.mode not in MODES:
            raise InvalidRequirement("mode", self.mode, MODES)
        for name in ("input_tokens", "max_output_tokens"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise InvalidRequirement(name, value, ("a whole number of tokens, 0 or more",))
        if not isinstance(self.topic, str) or not TOPIC.fullmatch(self.topic):
            raise InvalidRequirement("topic", self.topic, ("up to 40 of a-z, 0-9, '.', '_' and '-'",))
        area = area_of(self.task_kind, self.topic)
        flags = f"{'tools' if self.needs_tools else '-'} {'json' if self.needs_json else '-'}"
        key = f"{area} {self.mode} {flags} {size_class(self.input_tokens)}"
        object.__setattr__(self, "key", sys.intern(key))
        object.__setattr__(self, "area", sys.intern(area))

    def as_json(self) -> dict[str, Any]:
        return {
            "task_kind": self.task_kind,
            "mode": self.mode,
            "input_tokens": self.input_tokens,
            "max_output_tokens": self.max_output_tokens,
            "needs_tools": self.needs_tools,
            "needs_json": self.needs_json,
            "topic": self.topic,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Requirement":
        return cls(**stored)
