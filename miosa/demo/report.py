"""What the demo prints at the end: the answer, why a model was chosen, and what it cost."""

from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.table import Table

from billing.money import format_usd
from miosa.demo.account import Account
from miosa.demo.client import Client
from miosa.embedded.serving import Site


def report(console: Console, client: Client, execution_id: str) -> bool:
    """Print everything about an execution; return whether it completed."""
    execution = client.read(f"/executions/{execution_id}")
    console.print()
    if execution["output"]:
        console.print(Panel(Markdown(execution["output"]), title="Result", border_style="cyan"))
    if execution["error"]:
        console.print(f"[red]{execution['state']}: {execution['error']}[/red]", highlight=False)
    _checks(console, execution)
    _decision(console, client, execution)
    _money(console, client, execution)
    return bool(execution["state"] == "completed")


def places(console: Console, site: Site, account: Account) -> None:
    """Print where to look around, and with which credentials; whole lines, so that they can be copied."""
    console.rule(f"Tenant {account.tenant}", style="cyan")
    for name, value in (
        ("admin", site.admin_url),
        ("  e-mail", account.email),
        ("  password", account.password),
        ("API docs", site.docs_url),
        ("  API key", account.api_key),
    ):
        console.print(f"{name:<11}{value}", soft_wrap=True, highlight=False, markup=False)


def _checks(console: Console, execution: dict[str, Any]) -> None:
    console.print("[bold]What was checked[/bold]")
    for step in execution["steps"]:
        failed = [one["check"] for one in step["evidence"] if not one["passed"]]
        passed = len(step["evidence"]) - len(failed)
        sure = "-" if step["confidence"] is None else f"{step['confidence']:.1f}"
        told = f"; failed: {', '.join(failed)}" if failed else ""
        console.print(
            f"  {step['agent']:<13} confidence {sure:>4} / 10, {passed} of {len(step['evidence'])} checks passed{told}",
            highlight=False,
        )
    console.print()


def _decision(console: Console, client: Client, execution: dict[str, Any]) -> None:
    decisions = client.read("/routing-decisions", execution_id=execution["id"])["items"]
    if not decisions:
        return
    decision = client.read(f"/routing-decisions/{decisions[-1]['id']}")
    best = next(one for one in decision["ranked"] if one["model"] == decision["model"])
    table = Table(
        title=f"Why {decision['model']} answered {decision['agent']} ({decision['task_kind']})",
        title_justify="left",
    )
    for name in ("node", "weight", "score", "adds"):
        table.add_column(name, justify="left" if name == "node" else "right")
    table.add_column("reason")
    for node in best["nodes"]:
        part = node["weight"] * node["score"]
        table.add_row(
            node["name"], f"{node['weight']:.3f}", f"{node['score']:.3f}", f"{part:.3f}", node["reason"]
        )
    table.add_row("total", "", "", f"{best['total']:.3f}", f"bonus x {best['bonus']:.2f}", style="bold")
    console.print(table)
    console.print(f"{decision['why']}\n", highlight=False)


def _money(console: Console, client: Client, execution: dict[str, Any]) -> None:
    entries = client.read("/ledger-entries", execution_id=execution["id"], limit="200")["items"]
    usage = client.read("/usage")
    calls = [entry for entry in entries if entry["meter"] == "tokens"]
    tokens = sum(entry["quantity"] for entry in calls)
    if calls:
        last = calls[0]
        console.print(
            f"[bold]Ledger[/bold]  {last['created'][:19]}Z  {last['description']}  {format_usd(last['cost_micros'])}"
            f"  entry {last['id']}",
            highlight=False,
        )
    console.print(
        f"        {len(entries)} entries for this execution, {tokens:,} tokens, cost {format_usd(execution['cost_micros'])};"
        f" left this month on plan {usage['plan']}: {format_usd(usage['left_micros'])}",
        highlight=False,
    )
    console.print()
