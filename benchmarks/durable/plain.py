"""Plain Celery with no guarantees: a task that does nothing but count itself, over the same broker."""

import os

from celery import Celery
from redis import Redis

COUNTER, QUEUE = "benchmark:plain", "plain"
app = Celery("plain", broker=os.environ["REDIS_URL"], backend=None)
app.conf.update(task_ignore_result=True, task_default_queue=QUEUE, worker_prefetch_multiplier=1)


@app.task(name="plain.count")
def count() -> None:
    """Say that it was done."""
    Redis.from_url(os.environ["REDIS_URL"]).incr(COUNTER)
