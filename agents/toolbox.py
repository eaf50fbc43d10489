"""What a step may use, and the use of it: offered, checked, permitted, done, recorded.

A use is decided before it happens and recorded after it; between the two stands its row, so a step that is done anew
repeats nothing that ended. Whatever goes wrong with a tool is told to whoever asked for it, as what came back.
"""

import time
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from agents import mcp_servers, tool_rules, tool_uses
from agents.contract.tools import Effect, Offered, Returned, Turn, Use
from agents.models import Execution, ExecutionEvent, Step, ToolUse
from agents.permission import Verdict, listed, verdict
from agents.telling import tell
from agents.tool_arguments import fault_of
from agents.tool_gate import gate, policy_asks
from agents.tools.contract import Hands, Tool, ToolRefused
from agents.tools.mcp_tools import PREFIX, tool_of
from agents.tools.shelf import SHELF
from agents.workspace import Workspace

ANY_SERVERS = "mcp__any__tool"
CUT = "\n[cut: {more} more characters]"


class Toolbox:
    """The tools of one live step. `patterns` are those on its agent's list."""

    def __init__(self, execution: Execution, step: Step, patterns: tuple[str, ...]) -> None:
        self.workspace = Workspace(execution.pk, step.pk)
        self._execution, self._step, self._patterns = execution, step, patterns
        self._shelf: Mapping[str, Tool] | None = None

    def offered(self) -> tuple[Offered, ...]:
        """Return the tools that may be asked for, with whether a person is asked first."""
        rules = tool_rules.rules()
        verdicts = {name: self._verdict(tool, rules, tool.effect) for name, tool in self._tools().items()}
        return tuple(
            Offered(tool.name, tool.description, tool.parameters, tool.effect, verdicts[name] is Verdict.ASK)
            for name, tool in self._tools().items()
            if verdicts[name] is not Verdict.DENY
        )

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
        tool = self._tools().get(row.tool)
        wrong = self._fault(row, tool)
        if tool is None or wrong:
            return self._recorded(row, Returned(wrong, ok=False, origin=tool_uses.TOOLBOX), None)
        effect = self._effect(tool, row)
        word = self._verdict(tool, tool_rules.rules(), effect)
        if word is Verdict.DENY:
            return self._recorded(row, _said_no(f"{tool.name} may not be used here."), None, refused=True)
        if word is Verdict.ASK and (no := self._asked(row, tool, effect)):
            return self._recorded(row, _said_no(no), None, refused=True)
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
        hands = Hands(self._execution, self._step, str(row.pk), self.workspace)
        started = time.perf_counter()
        try:
            returned = tool.run(row.arguments or {}, hands)
        except ToolRefused as error:
            returned = Returned(str(error), ok=False, origin=tool_uses.TOOLBOX)
        took_ms = int((time.perf_counter() - started) * 1000)
        self._recorded(row, _cut(returned, tool.most_chars), took_ms)

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

    def _fault(self, row: ToolUse, tool: Tool | None) -> str:
        if tool is None:
            return f"There is no tool {row.tool}. There are: {', '.join(sorted(self._tools()))}."
        if row.arguments is None:
            return "The arguments are no JSON object."
        return fault_of(row.arguments, tool.parameters)

    def _verdict(self, tool: Tool, rules: Mapping[str, str], effect: Effect) -> Verdict:
        policy = policy_asks(tool.name, effect, tool.kinds)
        return verdict(tool.name, effect, rules=rules, permits=self._step.permits, policy=policy)

    def _tools(self) -> Mapping[str, Tool]:
        """Return the tools on the agent's list; MCP servers are asked for only where it has any of them."""
        if self._shelf is None:
            of_servers = _of_servers() if listed(ANY_SERVERS, self._patterns) else {}
            self._shelf = {
                name: tool for name, tool in {**SHELF, **of_servers}.items() if listed(name, self._patterns)
            }
        return self._shelf


def all_tools() -> dict[str, Tool]:
    """Return every tool of the current tenant by name: the shelf's, the operator's servers' and its own servers'."""
    return {**SHELF, **_of_servers()}


def changing_tools() -> dict[str, str]:
    """Return what each tool with effects does, by name: those that no rule of the tenant decides about, of any agent."""
    rules = tool_rules.rules()
    return {
        name: tool.description
        for name, tool in all_tools().items()
        if tool.effect is not Effect.READS and not listed(name, rules)
    }


def _of_servers() -> dict[str, Tool]:
    operators = mcp_servers.operators()
    tools = [
        tool_of(
            known.name,
            known.place,
            definition,
            reads_freely=known.reads_freely,
            changed=None if known.name in operators else _noter(known.name),
        )
        for known in mcp_servers.known()
        for definition in known.tools
    ]
    return {tool.name: tool for tool in tools}


def _brings_in(tool: str) -> bool:
    return tool.startswith(PREFIX) or (tool in SHELF and SHELF[tool].outside)


def _noter(server: str) -> Any:
    return lambda why: mcp_servers.out_of_use(server, why)


def _said_no(why: str) -> Returned:
    return Returned(f"Refused: {why}", ok=False, origin=tool_uses.TOOLBOX)


def _cut(returned: Returned, most: int) -> Returned:
    if len(returned.text) <= most:
        return returned
    text = returned.text[:most] + CUT.format(more=len(returned.text) - most)
    return Returned(text, returned.ok, returned.origin, returned.data, returned.files)
