"""The demo's way online: says yes as the owner, shows what it said yes to, and opens the address like a browser would."""

import html
import re
import time
from collections import Counter
from typing import Any

import httpx
from rich.console import Console

from billing.money import format_usd
from miosa.demo.client import Client

TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
NOTE = "Approved by the owner of the demo, who read the effect."
BOUND = ("project", "release", "checksum", "target", "environment", "strategy")
FETCH_S = 15.0


def approve(console: Console, client: Client, execution_id: str) -> None:
    """Say yes to what an execution waits for, and print exactly what that is."""
    for approval in client.pending(execution_id):
        effect = approval["effect"]
        told = ", ".join(f"{name} {effect[name]}" for name in BOUND if name in effect)
        console.print(f"approval asked: {effect.get('action', approval['kind'])}: {told}", highlight=False)
        client.approve(approval, note=NOTE)
        console.print(
            f"approved by the demo's owner, bound to this effect by {approval['digest'][:16]}…",
            highlight=False,
        )


def online(console: Console, client: Client, execution_id: str) -> bool:
    """Print where it is online and open it there; False when it is not, or does not answer."""
    rows = client.read("/deployments", execution_id=execution_id)["items"]
    live = next((row for row in rows if row["state"] == "live"), None)
    if live is None:
        why = rows[0]["reason"] if rows else "nothing was deployed"
        console.print(f"Not online: {why}", style="red", highlight=False)
        return False
    console.print(f"[bold]Online[/bold]  {live['url']}", soft_wrap=True, highlight=False)
    answered = _opened(console, live["url"])
    _trace(console, client, execution_id, live)
    console.print(
        f"        another release goes back with: manage.py deployments rollback {live['project']}\n",
        highlight=False,
    )
    return answered


def _opened(console: Console, url: str) -> bool:
    begun = time.monotonic()
    try:
        answer = httpx.get(url, timeout=FETCH_S, follow_redirects=True, trust_env=False)
    except httpx.HTTPError as error:
        console.print(f"        it does not answer: {error}", style="red", highlight=False)
        return False
    title = TITLE.search(answer.text)
    said = f"“{html.unescape(title[1].strip())}”" if title else answer.headers.get("content-type", "")
    took_ms = (time.monotonic() - begun) * 1000
    console.print(f"        answers {answer.status_code} in {took_ms:.0f} ms: {said}", highlight=False)
    return answer.is_success


def _trace(console: Console, client: Client, execution_id: str, live: dict[str, Any]) -> None:
    """One trace and one group of entries: everything above carries the execution's id."""
    entries = client.read("/ledger-entries", execution_id=execution_id, limit="200")["items"]
    meters: Counter[str] = Counter()
    for entry in entries:
        meters[entry["meter"]] += entry["quantity"]
    cost = sum(entry["cost_micros"] for entry in entries)
    told = ", ".join(f"{meter} {quantity:,}" for meter, quantity in sorted(meters.items()))
    console.print(f"        trace   {execution_id}: release {live['release']}, deployment {live['id']}")
    console.print(f"        ledger  {len(entries)} entries: {told}; {format_usd(cost)}", highlight=False)
