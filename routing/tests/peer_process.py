"""A process of its own that decides and learns for one tenant, and does what it is told by lines of JSON."""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from django.db import connections, transaction
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from routing import board, policies
from routing.models import Decision
from routing.tests.stored import checked, decision
from tenants.models import Tenant

_open: list[Any] = []
_answered: list[Decision] = []


def current() -> dict[str, Any]:
    """What the next decision rests on."""
    return _told(board.current().known)


def fresh() -> dict[str, Any]:
    """What a process that has just started would know."""
    return _told(board.known())


def learn(count: int = 1, *, success: bool = True) -> None:
    """Store outcomes: in one transaction, with their decisions, or in the one that `begin` opened."""
    with transaction.atomic():
        for _ in range(count):
            checked(_answered.pop() if _answered else decision(), success=success)


def begin(count: int = 1) -> None:
    """Open a transaction, as that of a result which is judged: so many decisions were stored before it."""
    _answered.extend(decision() for _ in range(count))
    _open.append(transaction.atomic())
    _open[-1].__enter__()


def end(*, commit: bool) -> None:
    """End it."""
    if not commit:
        transaction.set_rollback(True)
    _open.pop().__exit__(None, None, None)


def listen() -> None:
    """Begin to listen, as web and worker processes do when they start."""
    board.listener.begin()


def hears() -> bool:
    """Whether what others tell arrives here."""
    return board.listener.hears()


def forget() -> None:
    """Forget all, as a restart does."""
    board.forget_all()


def change(**fields: Any) -> None:
    """Change the tenant's policy."""
    policies.change(**fields)


def storm(threads: int, rounds: int) -> int:
    """Learn from many threads at once, in transactions of one to three outcomes; every fifth is rolled back."""
    tenant, stored = connections["default"].tenant, []  # type: ignore[attr-defined]

    def work(number: int) -> None:
        with tenant_context(tenant):
            for turn in range(rounds):
                made = [decision() for _ in range(1 + (number + turn) % 3)]
                with transaction.atomic():
                    for row in made:
                        checked(row, success=(number + turn) % 3 > 0)
                    board.current()  # decisions go on meanwhile, inside the transaction too
                    if (number + turn) % 5 == 4:
                        transaction.set_rollback(True)
                    else:
                        stored.append(len(made))
        connections.close_all()

    at_work = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for one in at_work:
        one.start()
    for one in at_work:
        one.join()
    return sum(stored)


def _told(known: Any) -> dict[str, Any]:
    snapshot = known.snapshot
    return {
        "version": known.version,
        "digest": snapshot.digest,
        "requests": sum(tally.requests for tally in snapshot.cells.values()),
        "successes": sum(tally.successes for tally in snapshot.cells.values()),
        "weights": list(known.weights.by_mode["balance"]),
        "most_explored": known.rules.most_explored,
    }


COMMANDS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (current, fresh, learn, begin, end, listen, hears, forget, change, storm)
}


def main(slug: str) -> None:
    """Serve until the input ends."""
    with platform():
        tenant = Tenant.objects.get(slug=slug)
    with tenant_context(tenant):
        _say("ready")
        for line in sys.stdin:
            name, arguments = json.loads(line)
            _say(COMMANDS[name](**arguments))
    board.listener.end()


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
