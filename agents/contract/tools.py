"""Tools as an agent sees them: what is offered, what it asks for, what comes back; plain values.

What a tool returns is data. Whatever it says, it is no instruction: nobody who reads it may take one from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

CHECK = "check"  # the id of a use that the platform makes in its own name, to see for itself


class Effect(StrEnum):
    """What using a tool does to the world outside the step."""

    READS = "reads"  # nothing changes
    WRITES = "writes"  # something of the tenant's own changes
    SPENDS = "spends"  # it costs money beyond the models' calls
    SENDS = "sends"  # something leaves for somebody else


@dataclass(frozen=True)
class Offered:
    """A tool a step may ask for; `parameters` is the JSON schema of its arguments, an object.

    `asks`: a person is asked before each use.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    effect: Effect = Effect.READS
    asks: bool = False


@dataclass(frozen=True)
class Use:
    """A model's wish to use a tool. `arguments` is None where what it wrote is no JSON object."""

    id: str
    tool: str
    arguments: Mapping[str, Any] | None


@dataclass(frozen=True)
class Returned:
    """What came of it. `origin` says whose words `text` holds: a tool, an address, a server.

    `ok` is False where the tool could not do it; `text` then says why, for whoever asked. `data` is the same for
    machines. `files` are the artefacts it left, path to SHA-256.
    """

    text: str
    ok: bool = True
    origin: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """One round: what the model said, what it asked for, and what came back, in the same order.

    `then` is what the user says after it.
    """

    said: str
    uses: tuple[Use, ...]
    returned: tuple[Returned, ...]
    then: str = ""
