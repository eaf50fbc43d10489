"""Parts of the benchmark of durability: the processes that are killed, what is counted, and plain Celery beside it."""
