"""What a step may use, and the use of it: offered, checked, permitted, done, recorded.

A use is decided before it happens and recorded after it; between the two stands its row, so a step that is done anew
repeats nothing that ended. Whatever goes wrong with a tool is told to whoever asked for it, as what came back.
"""

import time

from django.db import transaction

from agents import tool_uses
from agents.at_hand import AtHand, said_no, used
from agents.contract.tools import Effect, Offered, Returned, Turn, Use
from agents.models import Execution, ExecutionEvent, Step, ToolUse
from agents.permission import Verdict
from agents.telling import tell
from agents.tool_gate import gate, policy_asks
from agents.tools.contract import Hands, Tool
from agents.tools.mcp_tools import PREFIX
from agents.tools.shelf import SHELF
from agents.workspace import Workspace


class Toolbox:
    """The tools of one live step. `patterns` are those on its agent's list."""

    def __init__(self, execution: Execution, step: Step, patterns: tuple[str, ...]) -> None:
        self.workspace = Workspace(execution.pk, step.pk)
        self._execution, self._step = execution, step
        self._at_hand = AtHand(patterns, step)

    def offered(self) -> tuple[Offered, ...]:
        """Return the tools that may be asked for, with whether a person is asked first."""
        return self._at_hand.offered()

    def earlier(self) -> tuple[Turn, ...]:
        """Return the rounds of this step so far; one that was broken off is brought to its end first."""
        return tuple(self._ended(rows, again=True) for rows in tool_uses.of_step(self._step.pk))

    def use(self, said: str, uses: tuple[Use, ...]) -> Turn:
        """Do what an agent asked for together. Raises NotYet while a person is asked."""
        return self._ended(tool_uses.open_round(self._step, said, uses))

    def _ended(self, rows: list[ToolUse], *, again: bool = False) -> Turn:
        for row in rows:
            if row.state not in tool_uses.ENDED:
                self._bring_to_end(row, again=again)
        return tool_uses.turn_of(rows)

    def _bring_to_end(self, row: ToolUse, *, again: bool) -> None:
        tool = self._at_hand.tools().get(row.tool)
        wrong = self._at_hand.fault(row.tool, row.arguments)
        if tool is None or wrong:
            return self._recorded(row, Returned(wrong, ok=False, origin=tool_uses.TOOLBOX), None)
        effect = self._effect(tool, row)
        word = self._at_hand.verdict(tool, effect)
        if word is Verdict.DENY:
            return self._recorded(row, said_no(f"{tool.name} may not be used here."), None, refused=True)
        if word is Verdict.ASK and (no := self._asked(row, tool, effect)):
            return self._recorded(row, said_no(no), None, refused=True)
        return self._done(row, tool, effect, again=again)

    def _asked(self, row: ToolUse, tool: Tool, effect: Effect) -> str:
        reason = policy_asks(tool.name, effect, tool.kinds) or f"it {effect.value} something"
        return gate(self._execution, row, effect=effect, reason=reason)

    def _effect(self, tool: Tool, row: ToolUse) -> Effect:
        """What this use does: an address that stands nowhere in what came in was made up, and could carry something out."""
        if not tool.seen or tool.effect is not Effect.READS:
            return tool.effect
        wanted = str((row.arguments or {}).get(tool.seen, ""))
        return Effect.READS if self._was_seen(wanted) else Effect.SENDS

    def _was_seen(self, address: str) -> bool:
        if tool_uses.was_seen(self._execution, address, brings_in=_brings_in):
            return True
        return any(address.encode() in content for content in self.workspace.originals().values())

    def _done(self, row: ToolUse, tool: Tool, effect: Effect, *, again: bool) -> None:
        tool_uses.begin(row, effect=effect)
        if not (again and self._was_told(row)):
            self._tell("tool_called", row)
        account = {"execution_id": self._execution.pk, "step_id": self._step.pk, "agent": self._step.agent}
        hands = Hands(self._execution, self._step, str(row.pk), self.workspace, account)
        started = time.perf_counter()
        returned = used(tool, row.arguments or {}, hands)
        took_ms = int((time.perf_counter() - started) * 1000)
        self._recorded(row, returned, took_ms)

    def _recorded(
        self, row: ToolUse, returned: Returned, took_ms: int | None, *, refused: bool = False
    ) -> None:
        with transaction.atomic():
            tool_uses.end(row, returned, took_ms=took_ms, refused=refused)
            self._tell("tool_returned", row)

    def _was_told(self, row: ToolUse) -> bool:
        """Whether it had begun before: what it waits for was not there yet, or its worker died."""
        told = ExecutionEvent.objects.filter(execution_id=row.execution_id, kind="tool_called")
        return told.filter(data__use_id=str(row.pk)).exists()

    def _tell(self, kind: str, row: ToolUse) -> None:
        with transaction.atomic():
            tell(
                row.execution_id,
                kind,
                step=self._step.key,
                agent=self._step.agent,
                use_id=row.pk,
                tool=row.tool,
                effect=row.effect,
                state=row.state,
                took_ms=row.took_ms,
                origin=row.origin,
                files=sorted(row.files),
            )


def _brings_in(tool: str) -> bool:
    return tool.startswith(PREFIX) or (tool in SHELF and SHELF[tool].outside)
