"""A worker that dies at a statement: what it had not committed is gone, and nothing it does afterwards reaches the database.

For the database that is kill -9. Whoever comes next finds what is due, as beat does, and goes on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.db import connection
from django.utils import timezone

from agents import improvement, leases, tasks
from agents.models import Lesson, Step

LONG_AGO = timedelta(days=1)
MOST_ROUNDS = 200


class Death(BaseException):
    """Nothing of ours catches it, as nothing catches a signal 9."""


@dataclass
class Doomed:
    """Dies at its statement `at`, before it runs or `after`; without one it only counts them.

    Within a transaction all deaths are the same to the database, so it counts the first statement of each, and those that
    are a transaction by themselves; with `every` all of them. Only the latter have anything to leave `after` them.
    """

    at: int | None = None
    after: bool = False
    every: bool = False
    count: int = 0
    last: str = ""  # the statement it died at
    block: Any = None  # the transaction of the statement before

    def __call__(self, execute: Callable[..., Any], sql: Any, *given: Any) -> Any:
        if self.last:
            raise Death(self.last)
        self.count += self._counts()
        if self.count != self.at:
            return execute(sql, *given)
        if self.after:
            execute(sql, *given)
        self.last = str(sql)
        connection.connection.close()
        raise Death(self.last)

    def _counts(self) -> bool:
        before, self.block = self.block, next(iter(connection.atomic_blocks), None)
        if self.block is None:
            return True
        return not self.after and (self.every or self.block is not before)

    def __str__(self) -> str:
        return (
            f"{'after' if self.after else 'before'} statement {self.at}: {' '.join(self.last.split())[:300]}"
        )


@contextmanager
def mortal(doomed: Doomed) -> Iterator[None]:
    """Let whoever works in the block die so; then the block is over, and the next one has a connection of its own."""
    try:
        with connection.execute_wrapper(doomed):
            yield
    except Death:
        connection.close()


def every_death(run: Callable[[Doomed], None], *, every: bool = False, stride: int = 1) -> int:
    """Run something once for each instant at which it can die, or for one in `stride`, until it is done before it dies.

    Return how many there were.
    """
    deaths = 0
    for after in (False, True):
        for at in count(1, stride):
            doomed = Doomed(at, after, every)
            run(doomed)
            if not doomed.last:
                break
            deaths += 1
    return deaths


def time_passes() -> None:
    """Let every lease and every wait of the current tenant be over."""
    before = timezone.now() - LONG_AGO
    Step.objects.filter(state=Step.State.RUNNING).update(lease_until=before)
    Step.objects.filter(state=Step.State.READY).update(rung=None, run_after=before)
    Lesson.objects.filter(state=Lesson.State.QUEUED).update(rung=None)


def work(doomed: Doomed) -> bool:
    """Do what beat rings for, once, as a worker does that may die at it; tell whether there was anything."""
    steps, lessons = leases.due(), improvement.due()
    with mortal(doomed):
        for one in steps:
            tasks.run_step(str(one.tenant_id), str(one.step_id))
        for tenant_id, lesson_id in lessons:
            tasks.study(str(tenant_id), str(lesson_id))
    return bool(steps or lessons)


def until_nothing_is_due(
    life: Callable[[], Doomed], between: Callable[[], None] = lambda: None
) -> list[Doomed]:
    """Let one worker after the other go on, and return those that died; `between` is what people do meanwhile."""
    worker, dead = life(), list[Doomed]()
    for _ in range(MOST_ROUNDS):
        time_passes()
        if not work(worker):
            return dead
        if worker.last:
            dead.append(worker)
            worker = life()
        between()
    raise AssertionError(f"It never ends: {dead}")


def only(doomed: Doomed) -> Callable[[], Doomed]:
    """One worker that dies, and then one that does not."""
    lives = iter([doomed])
    return lambda: next(lives, Doomed())
