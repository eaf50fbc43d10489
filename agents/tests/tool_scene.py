"""A step that has just begun, with tools: its bench, and uses as a model would ask for them."""

from itertools import count
from typing import Any

from agents import leases, submission
from agents.ceilings import Repeats
from agents.contract import Returned, Turn, Use
from agents.models import Step
from agents.tool_turns import ToolTurns
from agents.toolbox import Toolbox
from agents.workbench import LiveBench

TASK = "Look after the figures"
ALL = ("*",)
_numbers = count(1)


def begun(tenant: Any, **fields: Any) -> LiveBench:
    """Return the bench of a step of a new execution."""
    step = submission.submit(TASK, requested_by="user:test", **fields).steps.get()
    return again(tenant, step)


def again(tenant: Any, step: Step) -> LiveBench:
    """Return a bench for a step that is taken anew, by whoever took it."""
    Step.objects.filter(pk=step.pk, state="running").update(state="ready", lease_until=None, lease_owner="")
    held = leases.claim(tenant.pk, step.pk)
    assert held
    bench = LiveBench(held)
    bench._toolbox = Toolbox(bench.execution, bench.step, ALL)
    bench._tool_turns = ToolTurns(bench._toolbox, Repeats(bench.step.agent))
    return bench


def use(bench: LiveBench, tool: str, **arguments: Any) -> Returned:
    """Use one tool and return what came back."""
    return turn(bench, (tool, arguments)).returned[0]


def turn(bench: LiveBench, *asked: tuple[str, Any], said: str = "") -> Turn:
    """Use several in one round; arguments that are None were no JSON."""
    return bench.use(said, [Use(f"call_{next(_numbers)}", name, arguments) for name, arguments in asked])
