"""What a box is made of, ready and running."""

from dataclasses import dataclass

from deployments.boxes.conversation import Conversation
from deployments.boxes.interpreter import Interpreter
from deployments.boxes.shell import Shell
from deployments.boxes.spec import BoxSpec


@dataclass(frozen=True, slots=True)
class Parts:
    """What a box is made of, ready and running."""

    id: str
    spec: BoxSpec
    python: Interpreter
    shelf: bool
    user: int  # inside
    shell: Shell
    conversation: Conversation
