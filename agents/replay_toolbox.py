"""The tools of a replay: offered as to the stored step, answered from its records or without any effect, never used outside.

No row is written, nobody is asked, and what a tool would change elsewhere is not changed: a use that the stored step did
with the same arguments returns what it returned then, to both arms. Files, and code in boxes without a network, are a
replay's own; what only looks at records here may look again. All else is not available, and that is what is told.
"""

import json
from collections.abc import Mapping
from typing import Any

from agents import tool_uses
from agents.at_hand import AtHand, said_no, used
from agents.contract.tools import Effect, Offered, Returned, Turn, Use
from agents.models import Step
from agents.permission import Verdict
from agents.replay_workspace import ReplayWorkspace
from agents.tools.contract import Hands, Replays, Tool

NOT_HERE = "Not available in a replay: the stored step did not use {tool} with these arguments."


class ReplayTools:
    """The tools that a stored step had; `patterns` are those on its agent's list."""

    def __init__(self, step: Step, patterns: tuple[str, ...]) -> None:
        self.workspace = ReplayWorkspace(step)
        self._step, self._at_hand = step, AtHand(patterns, step)
        self._recorded: dict[str, list[Returned]] | None = None

    def offered(self) -> tuple[Offered, ...]:
        """Return what may be asked for, as a live step is offered it."""
        return self._at_hand.offered()

    def earlier(self) -> tuple[Turn, ...]:
        """Return no rounds: a replay begins anew."""
        return ()

    def use(self, said: str, uses: tuple[Use, ...]) -> Turn:
        """Answer what is asked for together."""
        return Turn(said, uses, tuple(map(self._answered, uses)))

    def _answered(self, use: Use) -> Returned:
        tool, wrong = self._at_hand.tools().get(use.tool), self._at_hand.fault(use.tool, use.arguments)
        if tool is None or wrong:
            return Returned(wrong, ok=False, origin=tool_uses.TOOLBOX)
        if self._at_hand.verdict(tool, tool.effect) is Verdict.DENY:
            return said_no(f"{tool.name} may not be used here.")
        anew = self._without_effect(tool)
        if not (anew and tool.replays is Replays.FILES) and (then := self._then(use)) is not None:
            self.workspace.hand_in(then.files)
            return then
        if not anew:
            return Returned(NOT_HERE.format(tool=tool.name), ok=False, origin=tool_uses.TOOLBOX)
        return self._anew(tool, use.arguments or {})

    def _without_effect(self, tool: Tool) -> bool:
        """By what the tool says of itself; one with an effect is not believed, and one that a person is asked about not used."""
        if tool.effect is not Effect.READS or tool.replays is Replays.RECORDED:
            return False
        return self._at_hand.verdict(tool, tool.effect) is Verdict.ALLOW

    def _anew(self, tool: Tool, arguments: Mapping[str, Any]) -> Returned:
        account = {"agent": self._step.agent}  # the stored execution is charged for nothing
        hands = Hands(self._step.execution, self._step, "replay", self.workspace, account)
        return used(tool, arguments, hands)

    def _then(self, use: Use) -> Returned | None:
        """Return what the stored step was told; asked again, what it was told the next time, and at last the same."""
        if self._recorded is None:
            self._recorded = {}
            for row in (row for rows in tool_uses.of_step(self._step.pk) for row in rows):
                if row.state in tool_uses.ENDED:
                    self._recorded.setdefault(_key(tool_uses.use_of(row)), []).append(
                        tool_uses.returned_of(row)
                    )
        told = self._recorded.get(_key(use), [])
        return told.pop(0) if len(told) > 1 else next(iter(told), None)


def _key(use: Use) -> str:
    return json.dumps([use.tool, use.arguments], sort_keys=True, default=str)
