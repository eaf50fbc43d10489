"""Does the difference stay nought? Calls are recorded, told and invoiced while their processes are killed.

    python -m benchmarks.billing_chaos [--calls 10000] [--kills 200] [--seed 1] [--json]

It works on a database of its own and a double of Stripe with state, both of which it starts and removes. Workers record
calls of models, tellers send usage, postmen deliver webhooks twice and shuffled; each is killed with SIGKILL now and
then, and whoever replaces it begins where its acknowledgements end. At the end `ledger verify` compares all sums, and
the exit code is 1 where anything differs.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from uuid_utils.compat import uuid7

from benchmarks.chaos.killing import Run, suffer
from benchmarks.chaos.work import SECRET, inside, tell_all
from benchmarks.isolation.database import own_database

TENANTS = 4
MINUTE_S = 60  # usage is told by the minute: the period begins before the first one


def chaos(*, calls: int, kills: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, in one run."""
    say("starting a database and a Stripe")
    with own_database():
        # Models can be imported only now.
        from django.conf import settings

        from miosa.testing.stripe_double import StripeDouble

        with StripeDouble() as there:
            settings.ENVIRONMENT = replace(
                settings.ENVIRONMENT, stripe_secret_key=there.key, stripe_api_base=there.url,
                stripe_webhook_secret=SECRET,
            )  # fmt: skip
            tenants = _customers(there)
            run = Run([(number % TENANTS, uuid7()) for number in range(calls)], kills, random.Random(seed))
            say(f"recording {calls:,} calls with {kills} kills")
            suffer(run, tenants, there)
            say("telling what is left, once its minute is over")
            tell_all(there)
            return _verdict(run, there)


def _customers(there: Any) -> list[Any]:
    """Tenants on a plan whose trial is over, with room for every call."""
    from billing.models import Budget
    from billing.payments import shop
    from billing.subscriptions import current_budget
    from miosa.testing.stripe_double import checkout, subscriptions
    from tenants.provisioning import open_tenant

    opened = [
        open_tenant(f"chaos-{number}", name="Chaos", owner_email=f"owner{number}@chaos.example").tenant
        for number in range(TENANTS)
    ]
    for tenant in opened:
        with inside(tenant):
            session = shop.buy_plan("pro", interval="month", currency="USD")
            checkout.complete(there.world, session["id"])
            current_budget()
            Budget.objects.update(cap_micros=10**12)
    for one in there.world.all("subscription"):
        # The trial ends now: what is used is in the first paid period.
        for item in one["items"]["data"]:
            item["current_period_end"] = item["current_period_start"] - MINUTE_S
        subscriptions.renew(there.world, one)
    return opened


def _verdict(run: Run, there: Any) -> dict[str, Any]:
    from billing import verification
    from billing.models import StripeEvent
    from miosa.pg.platform import platform
    from routing import reconciled

    reconciled.compare()
    found = verification.verify().as_json()
    with platform():
        events = {
            state: StripeEvent.objects.filter(state=state).count()
            for state in ("applied", "ignored", "parked")
        }
    return {
        "calls": len(run.calls),
        "kills": run.killed,
        "workers_begun_again": run.again,
        "meter_events": len(there.world.usage),
        "events": events,
        "sums": found["sums"],
        "differences": len(found["differences"]),
        "first": found["differences"][:3],
        "violations": there.violations[:3],
    }


def main() -> None:
    """Run and print, as lines or as one JSON object in the last line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = chaos(
        calls=options.calls, kills=options.kills, seed=options.seed,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")
    raise SystemExit(1 if result["differences"] or result["violations"] else 0)


if __name__ == "__main__":
    main()
