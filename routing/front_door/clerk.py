"""The clerk: reads what the processes of this machine wrote and posts it to PostgreSQL, each call exactly once.

At least once by reading (a file is kept until all of it is posted), at most once by the ids that calls have from their
beginning. What PostgreSQL cannot take just now stays where it is, and is tried again.
"""

import contextlib
import fcntl
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from django.db import InterfaceError, OperationalError

from billing import quota
from billing.models import Reservation
from routing.front_door.journal import SUFFIX
from routing.front_door.posting import post
from routing.front_door.reading import Ended, File, Writer, writer_of
from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)

AT_ONCE = 500
LOOK_S = 0.1
AWAY = (OperationalError, InterfaceError)


@contextlib.contextmanager
def alone(folder: Path, *, until: Callable[[], bool]) -> Iterator[bool]:
    """Hold a folder, so that no other clerk reads it; False where `until` turned true before it was free."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "clerk.lock").open("w") as lock:
        while not until():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(LOOK_S)
            else:
                yield True
                return
        yield False


class Clerk:
    """Reads one folder; only one may at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, Writer] = defaultdict(Writer)
        self._waiting: list[Ended] = []

    def drain(self) -> int:
        """Post what was written since; return how many calls that were. Raises OperationalError while PostgreSQL is away."""
        self._find()
        for writer in self._writers.values():
            for file in writer.files:
                self._waiting += writer.take(file)
            if writer.is_over():
                self._waiting += writer.left_behind()
        done = self._post()
        for name, writer in list(self._writers.items()):
            self._settle(writer)
            for file in writer.done_with():
                file.path.unlink()
                writer.files.remove(file)
            if not writer.files:
                del self._writers[name]
        return done

    @property
    def has_more(self) -> bool:
        """Whether anything is left that no process will finish."""
        return bool(self._waiting) or any(writer.is_over() for writer in self._writers.values())

    def _find(self) -> None:
        known = {file.path for writer in self._writers.values() for file in writer.files}
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path not in known:
                self._writers[writer_of(path)].files.append(File(path))

    def _post(self) -> int:
        done = 0
        while self._waiting:
            batch = self._waiting[:AT_ONCE]
            by_tenant: dict[str, list[Ended]] = defaultdict(list)
            for ended in batch:
                by_tenant[ended.begun["tenant"]].append(ended)
            for tenant_id, calls in by_tenant.items():
                _posted(UUID(tenant_id), calls)
            del self._waiting[: len(batch)]
            done += len(batch)
        return done

    def _settle(self, writer: Writer) -> None:
        for block, spent in writer.due().items():
            try:
                with task_scope(writer.tenants[block]):
                    quota.settle(block, spent)
            except (Tenant.DoesNotExist, Reservation.DoesNotExist) as gone:
                logger.info("Block %s is settled with nobody: %s", block, gone)
            writer.settled.add(block)


def _posted(tenant_id: UUID, calls: list[Ended]) -> None:
    """Post a tenant's calls together; where they cannot be taken, one by one, so that one odd call stops no other."""
    try:
        post(tenant_id, calls)
    except Tenant.DoesNotExist:
        logger.info("Tenant %s is gone: %d calls have nobody to stand for", tenant_id, len(calls))
    except AWAY:
        raise
    except Exception:
        if len(calls) == 1:
            logger.exception("A call cannot be posted: %s", calls[0].begun["id"])
            return
        for call in calls:
            _posted(tenant_id, [call])
