"""Whether a step may use a tool: its agent's list, the tenant's rules, the plan, and what the tool does; pure."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase

from agents.contract.tools import Effect


class Verdict(StrEnum):
    """What becomes of a use."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


def listed(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether an agent's list has a tool; `mcp.*` has all tools of MCP servers."""
    return any(fnmatchcase(name, one) for one in patterns)


def verdict(
    name: str,
    effect: Effect,
    *,
    rules: Mapping[str, str],
    permits: Collection[str] = (),
    policy: str | None = None,
) -> Verdict:
    """Return what becomes of a use of a listed tool.

    `rules` are the tenant's words by tool or pattern: the longest pattern that fits decides. Where none does and `policy`
    gives no reason to ask, a tool that only reads is used, and so is one in `permits`, which the plan lets the step use:
    it stands before anything foreign is read. For any other a person is asked.
    """
    fitting = [pattern for pattern in rules if fnmatchcase(name, pattern)]
    word = Verdict(rules[max(fitting, key=len)]) if fitting else None
    if word is not None:
        return word
    if policy:
        return Verdict.ASK
    return Verdict.ALLOW if effect is Effect.READS or name in permits else Verdict.ASK
