"""Rows for the admin's tests: what one step did with tools, and the tenant's words on them."""

from django.utils import timezone

from agents import artefacts
from agents.models import McpServer, Step, ToolRule, ToolUse


def tooled(step: Step, number: int) -> None:
    """A use of a tool with a file it left, a rule, and a server of tools."""
    files = artefacts.keep(step.execution_id, {f"sum-{number}.txt": b"7"}, origin="tool", step_id=step.pk)
    ToolUse.objects.create(
        execution_id=step.execution_id, step=step, round=1, said="I count.", tool="run_python", arguments={"code": "7"},
        state="done", output="exit code 0", origin="code run in the sandbox", files=files, took_ms=12,
        finished=timezone.now(),
    )  # fmt: skip
    ToolRule.objects.create(tool=f"fetch_{number}*", decision="ask", set_by="user:1")
    McpServer.objects.create(
        name=f"weather-{number}", url="https://mcp.example/mcp", created_by="user:1", seen=timezone.now(),
        tools=[{"name": "forecast", "description": "Tell the weather", "parameters": {}, "reads": True}],
    )  # fmt: skip
