"""What a tool is: a name, a JSON schema, an effect, its limits, and the function that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agents.contract.tools import Effect, Returned
from agents.models import Execution, Step
from agents.workspace import Workspace


class ToolRefused(Exception):  # noqa: N818  it reads as what happened
    """The tool cannot do this. The message is for whoever asked, a model or a person, and says what to do instead."""


class Replays(StrEnum):
    """What answers a use of the tool while a stored step is replayed, where nothing outside the replay may change."""

    RECORDED = "recorded"  # what it returned to the stored step for the same arguments, and nothing else
    LOOKS = (
        "looks"  # the same, and itself where the stored step did not ask this: it only looks at what is here
    )
    FILES = "files"  # itself: all it changes are the files, and a replay has its own


@dataclass(frozen=True, slots=True)
class Hands:
    """For whom a tool works. `key` is the same in every repeat of the same use: hand it on to what has effects.

    `account`: whose run in the sandbox it is, as the keywords of `run_program`; a replay's is none of the stored step.
    """

    execution: Execution
    step: Step
    key: str
    workspace: Workspace
    account: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `run` keeps within `timeout_s` seconds by itself; what it returns is cut to `most_chars`.

    `run` raises ToolRefused for what it cannot do; anything else it raises is a fault of ours.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[Mapping[str, Any], Hands], Returned]
    effect: Effect = Effect.READS
    replays: Replays = Replays.RECORDED
    timeout_s: float = 60.0
    most_chars: int = 20_000
    kinds: frozenset[str] = frozenset()  # what a tenant's approval policies know it as, beside its effect
    seen: str = ""  # an argument that was seen before; one that an agent made up could carry something out
    outside: bool = (
        False  # what comes back was written elsewhere: an address in it was not made up by an agent
    )


def parameters(required: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of arguments that takes these and no others; those not named in `required` may be left out."""
    return {
        "type": "object",
        "properties": {name: dict(schema) for name, schema in properties.items()},
        "required": list(required),
        "additionalProperties": False,
    }
