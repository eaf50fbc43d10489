"""Which effects wait for a person's word; pure: rules and an effect in, a reason or None out.

Without any row of a tenant two rules hold: what goes to production is asked for, and what is said to somebody outside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

SPEND, TOOL, DEPLOY, MESSAGE = "spend", "tool", "deploy", "message"
KINDS = (SPEND, TOOL, DEPLOY, MESSAGE)
WRITES, DELETES, RUNS, SPENDS, MESSAGES = "writes", "deletes", "runs", "spends", "messages"
TOOL_KINDS = (WRITES, DELETES, RUNS, SPENDS, MESSAGES)  # what a tool does; one that only reads is of none
ENVIRONMENTS = ("preview", "staging", "production")
MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked for of one kind. `asks` off: nothing of that kind is.

    `above_micros`: a spend, or a tool's estimated cost, beyond it; `tool_kinds`: of a tool; `environments`: of a
    deployment. A rule of messages needs no more than its kind.
    """

    kind: str
    asks: bool = True
    above_micros: int | None = None
    tool_kinds: frozenset[str] = frozenset()
    environments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Effect:
    """What is about to happen. `kind`: one of KINDS; a tool says what it does in `tool_kinds`."""

    kind: str
    cost_micros: int = 0
    tool: str = ""
    tool_kinds: frozenset[str] = frozenset()
    environment: str = ""


DEFAULTS: Mapping[str, Rule] = MappingProxyType(
    {DEPLOY: Rule(DEPLOY, environments=frozenset({"production"})), MESSAGE: Rule(MESSAGE)}
)


def needs_approval(rules: Iterable[Rule], effect: Effect) -> str | None:
    """Return why a person has to be asked before an effect, by a tenant's rules and the defaults; None: nobody has to."""
    known = {**DEFAULTS, **{rule.kind: rule for rule in rules}}
    for rule in known.values():
        if rule.asks and (reason := _REASONS[rule.kind](rule, effect)):
            return reason
    return None


def _spend(rule: Rule, effect: Effect) -> str | None:
    if effect.kind != SPEND or rule.above_micros is None or effect.cost_micros <= rule.above_micros:
        return None
    return f"it may cost {_usd(effect.cost_micros)}, and more than {_usd(rule.above_micros)} is asked for"


def _tool(rule: Rule, effect: Effect) -> str | None:
    if effect.kind != TOOL:
        return None
    if named := sorted(rule.tool_kinds & effect.tool_kinds):
        return f"the tool {effect.tool} {' and '.join(named)}"
    if rule.above_micros is not None and effect.cost_micros > rule.above_micros:
        return (
            f"the tool {effect.tool} may cost {_usd(effect.cost_micros)}, more than {_usd(rule.above_micros)}"
        )
    return None


def _deploy(rule: Rule, effect: Effect) -> str | None:
    if effect.kind != DEPLOY or effect.environment not in rule.environments:
        return None
    return f"it goes to {effect.environment}"


def _message(_rule: Rule, effect: Effect) -> str | None:
    if effect.kind == MESSAGE or (effect.kind == TOOL and MESSAGES in effect.tool_kinds):
        return "it is said to somebody outside"
    return None


_REASONS = {SPEND: _spend, TOOL: _tool, DEPLOY: _deploy, MESSAGE: _message}


def _usd(micros: int) -> str:
    return f"${micros / MICROS:,.2f}"
