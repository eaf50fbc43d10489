"""The rounds with tools that one step has behind it: read from their rows once, counted, gone on from."""

from collections.abc import Sequence
from typing import Protocol

from agents.ceilings import Repeats
from agents.contract.tools import CHECK, Turn, Use
from routing import gateway
from routing.errors import NoCandidate
from routing.requirement import Requirement


class Rounds(Protocol):
    """Who does what was asked for together, and knows what was done before."""

    def earlier(self) -> tuple[Turn, ...]: ...

    def use(self, said: str, uses: tuple[Use, ...]) -> Turn: ...


class ToolTurns:
    """Each use is counted before it happens. Raises Stopped at the third that is the same in everything."""

    def __init__(self, toolbox: Rounds, repeats: Repeats) -> None:
        self._toolbox, self._repeats = toolbox, repeats
        self._turns: list[Turn] | None = None
        self._left: dict[str, str] = {}  # files that tools left, path to SHA-256

    def earlier(self) -> tuple[Turn, ...]:
        """Return the rounds so far; the first time from the rows, where one that was broken off is ended."""
        if self._turns is None:
            self._turns = []
            for turn in self._toolbox.earlier():
                self._count(turn.uses)
                self._keep(turn)
        return tuple(self._turns)

    def use(self, said: str, uses: Sequence[Use]) -> Turn:
        """Do what was asked for together."""
        self.earlier()
        self._count(uses)
        turn = self._toolbox.use(said, tuple(uses))
        self._keep(turn)
        return turn

    def _count(self, uses: Sequence[Use]) -> None:
        """The same tests over other files are another use: what was changed so far counts as an argument.

        What the platform looks at by itself is no agent going in circles: whoever goes on after a kill looks again.
        """
        for use in (one for one in uses if one.id != CHECK):
            self._repeats.note(use.tool, changed=self._left, asked=use.arguments)

    def _keep(self, turn: Turn) -> None:
        self._turns = [*(self._turns or ()), turn]
        for one in turn.returned:
            self._left |= one.files


def models_know_tools(task_kind: str, mode: str) -> bool:
    """Tell whether a model that knows tools by itself could answer; any other is held to a schema."""
    try:
        gateway.preview(Requirement(task_kind, mode, needs_tools=True))
    except NoCandidate:
        return False
    return True
