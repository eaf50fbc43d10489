"""Who works in the chaos: recorders of calls, tellers of usage, postmen of webhooks. Models are imported at work only."""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

SECRET = "whsec_chaos"
MINUTE_S, TURN_S = 90.0, 0.02
Calls = Sequence[tuple[int, UUID]]  # whose, and the decision's id


def record(calls: Calls, left: Sequence[int], tenants: Sequence[Any], writing: int) -> None:
    """Record calls as the router does, and acknowledge each; one that is there already was ours before we died."""
    from django.db import IntegrityError

    from routing import board, outcomes
    from routing.attempt_record import AttemptRecord
    from routing.decided import Decided
    from routing.requirement import Requirement
    from routing.router import decide
    from routing.scoreboard import Scoreboard

    need = Requirement("chat")
    for number in left:
        owner, decision = calls[number]
        with inside(tenants[owner]):
            choice = decide(Scoreboard(board.catalog(), board.snapshot(), providers={"groq"}), need)
            attempts = [
                AttemptRecord(
                    model="openai/gpt-oss-20b", provider="groq", ok=ok, status=200 if ok else 503,
                    error="" if ok else "busy", input_tokens=1_000 + number, cached_tokens=number % 900,
                    output_tokens=number % 700, estimated=False, latency_ms=5, first_token_ms=1,
                    started_at=datetime.now(UTC),
                )
                for ok in ([False, True] if number % 7 == 0 else [True])
            ]  # fmt: skip
            with contextlib.suppress(IntegrityError):
                outcomes.record(
                    Decided(decision, need, choice, board.known()), attempts, execution_id=None, step_id=None,
                    agent="quality",
                )  # fmt: skip
        os.write(writing, f"{number}\n".encode())


def tell() -> None:
    """Send usage and credit until somebody kills us."""
    from billing.payments import mirroring, usage

    while True:
        usage.add_up()
        mirroring.mirror()
        usage.send()
        time.sleep(TURN_S)


def deliver(events: Sequence[dict[str, Any]]) -> None:
    """Post events to the inbox and apply what waits in it."""
    from billing.payments import inbox
    from miosa.testing.stripe_double.delivery import signed

    for event in events:
        inbox.receive(*signed(event, SECRET))
        inbox.apply_due(limit=1)
    inbox.apply_due()


def tell_all(there: Any) -> None:
    """Until nothing waits any more. Raises TimeoutError."""
    from billing.models import MeterEvent, StripeEvent
    from billing.payments import inbox, mirroring, usage
    from miosa.pg.platform import platform

    deliver(list(there.world.events))
    deadline = time.monotonic() + MINUTE_S
    while time.monotonic() < deadline:
        usage.add_up()
        with platform():
            MeterEvent.objects.filter(state="waiting").update(next_try=None)
            StripeEvent.objects.filter(state="new").update(next_try=datetime.now(UTC))
        mirroring.mirror()
        usage.send()
        inbox.apply_due()
        if not _waiting():
            return
        time.sleep(0.5)
    raise TimeoutError("Something still waits.")


def _waiting() -> int:
    from billing.models import MeterEvent, StripeEvent, UsageToTell
    from miosa.pg.platform import platform

    with platform():
        return (
            UsageToTell.objects.count()
            + MeterEvent.objects.filter(state="waiting").count()
            + StripeEvent.objects.filter(state="new").count()
        )


@contextmanager
def inside(tenant: Any) -> Iterator[None]:
    """Work as a tenant."""
    from django_tenants.utils import tenant_context

    with tenant_context(tenant):
        yield
