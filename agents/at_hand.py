"""Which tools an agent has at hand, whether it may use one, and the use itself; live and in replays alike."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents import mcp_servers, tool_rules
from agents.contract.tools import Effect, Offered, Returned
from agents.models import Step
from agents.permission import Verdict, listed, verdict
from agents.tool_arguments import fault_of
from agents.tool_gate import policy_asks
from agents.tool_uses import TOOLBOX
from agents.tools.contract import Hands, Tool, ToolRefused
from agents.tools.mcp_tools import tool_of
from agents.tools.shelf import SHELF

ANY_SERVERS = "mcp__any__tool"
CUT = "\n[cut: {more} more characters]"


class AtHand:
    """The tools on an agent's list, which are its `patterns`, for a step with what its plan permits."""

    def __init__(self, patterns: tuple[str, ...], step: Step) -> None:
        self._patterns, self._step = patterns, step
        self._shelf: Mapping[str, Tool] | None = None

    def tools(self) -> Mapping[str, Tool]:
        """Return them by name; MCP servers are asked for only where the agent has any of them."""
        if self._shelf is None:
            of_servers = _of_servers() if listed(ANY_SERVERS, self._patterns) else {}
            self._shelf = {
                name: tool for name, tool in {**SHELF, **of_servers}.items() if listed(name, self._patterns)
            }
        return self._shelf

    def offered(self) -> tuple[Offered, ...]:
        """Return those that may be asked for, with whether a person is asked first."""
        rules = tool_rules.rules()
        verdicts = {name: self._verdict(tool, rules, tool.effect) for name, tool in self.tools().items()}
        return tuple(
            Offered(tool.name, tool.description, tool.parameters, tool.effect, verdicts[name] is Verdict.ASK)
            for name, tool in self.tools().items()
            if verdicts[name] is not Verdict.DENY
        )

    def fault(self, name: str, arguments: Mapping[str, Any] | None) -> str:
        """Return what is wrong with a use, "" where nothing is."""
        tool = self.tools().get(name)
        if tool is None:
            return f"There is no tool {name}. There are: {', '.join(sorted(self.tools()))}."
        if arguments is None:
            return "The arguments are no JSON object."
        return fault_of(arguments, tool.parameters)

    def verdict(self, tool: Tool, effect: Effect) -> Verdict:
        """Return whether a use with this effect is done, asked about or refused, by the rules as they are now."""
        return self._verdict(tool, tool_rules.rules(), effect)

    def _verdict(self, tool: Tool, rules: Mapping[str, str], effect: Effect) -> Verdict:
        policy = policy_asks(tool.name, effect, tool.kinds)
        return verdict(tool.name, effect, rules=rules, permits=self._step.permits, policy=policy)


def used(tool: Tool, arguments: Mapping[str, Any], hands: Hands) -> Returned:
    """Use a tool and return what came back, cut to its size; what it refuses is told the same way."""
    try:
        returned = tool.run(arguments, hands)
    except ToolRefused as error:
        returned = Returned(str(error), ok=False, origin=TOOLBOX)
    if len(returned.text) <= tool.most_chars:
        return returned
    more = len(returned.text) - tool.most_chars
    return replace(returned, text=returned.text[: tool.most_chars] + CUT.format(more=more))


def said_no(why: str) -> Returned:
    """Return what whoever asked is told of a use that is not permitted."""
    return Returned(f"Refused: {why}", ok=False, origin=TOOLBOX)


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


def _noter(server: str) -> Any:
    return lambda why: mcp_servers.out_of_use(server, why)
