"""Which effects wait for a person's word: by the defaults, and by a tenant's own rules."""

import pytest

from deployments.approval_rules import DEPLOY, MESSAGE, SPEND, TOOL, Effect, Rule, needs_approval

SHELL = Effect(TOOL, tool="shell", tool_kinds=frozenset({"runs", "writes"}))
LETTER = Effect(TOOL, tool="mail", tool_kinds=frozenset({"messages"}))
DEAR = Effect(TOOL, cost_micros=2_000_000, tool="search")
PRODUCTION, PREVIEW = Effect(DEPLOY, environment="production"), Effect(DEPLOY, environment="preview")
EXECUTION = Effect(SPEND, cost_micros=2_000_000)


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (PRODUCTION, "it goes to production"),
        (PREVIEW, None),
        (Effect(MESSAGE), "it is said to somebody outside"),
        (LETTER, "it is said to somebody outside"),
        (SHELL, None),
        (DEAR, None),
        (EXECUTION, None),
    ],
)
def test_without_a_rule_production_and_messages_are_asked_about(effect, reason):
    """Sensible without any row."""
    assert needs_approval([], effect) == reason


@pytest.mark.parametrize(
    ("rule", "effect", "reason"),
    [
        (
            Rule(SPEND, above_micros=1_000_000),
            EXECUTION,
            "it may cost $2.00, and more than $1.00 is asked for",
        ),
        (Rule(SPEND, above_micros=2_000_000), EXECUTION, None),
        (Rule(SPEND, above_micros=0), Effect(SPEND), None),
        (Rule(TOOL, tool_kinds=frozenset({"writes", "deletes"})), SHELL, "the tool shell writes"),
        (Rule(TOOL, tool_kinds=frozenset({"deletes"})), SHELL, None),
        (Rule(TOOL, above_micros=1_000_000), DEAR, "the tool search may cost $2.00, more than $1.00"),
        (Rule(TOOL, tool_kinds=frozenset({"writes"})), EXECUTION, None),
        (Rule(DEPLOY, environments=frozenset({"preview"})), PREVIEW, "it goes to preview"),
        (Rule(DEPLOY, environments=frozenset({"preview"})), PRODUCTION, None),
        (Rule(DEPLOY, asks=False), PRODUCTION, None),
        (Rule(MESSAGE, asks=False), LETTER, None),
        (Rule(MESSAGE, asks=False), PRODUCTION, "it goes to production"),
    ],
)
def test_a_rule_takes_the_place_of_the_default_of_its_kind(rule, effect, reason):
    """And of no other kind's; to reach a threshold is allowed."""
    assert needs_approval([rule], effect) == reason
