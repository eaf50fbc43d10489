"""Keeps what a worker holds while it works: a thread of its own renews it, hence on its own connection."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import Error, connection

from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)


@contextmanager
def beating(tenant_id: UUID, name: str, renew: Callable[[], bool], *, every_s: float) -> Iterator[None]:
    """Call `renew` inside the tenant until the block ends, or until it returns False: then it is lost.

    A database that is away is asked again at the next beat.
    """
    stop = threading.Event()
    beat = threading.Thread(
        target=_beat, args=(tenant_id, name, renew, every_s, stop), name=name, daemon=True
    )
    beat.start()
    try:
        yield
    finally:
        stop.set()
        beat.join()


def _beat(
    tenant_id: UUID, name: str, renew: Callable[[], bool], every_s: float, stop: threading.Event
) -> None:
    # Most are done before the first beat: no connection is opened for those.
    if stop.wait(every_s):
        return
    try:
        with task_scope(tenant_id):
            while _renewed(name, renew) and not stop.wait(every_s):
                pass
    except Tenant.DoesNotExist:
        logger.info("No heartbeat for %s: its tenant is gone", name)
    except Error:
        logger.warning("No heartbeat for %s: the database is away", name)
    finally:
        connection.close()


def _renewed(name: str, renew: Callable[[], bool]) -> bool:
    try:
        return renew()
    except Error:
        logger.warning("The database is away; %s is renewed again", name)
        connection.close()
    return True
