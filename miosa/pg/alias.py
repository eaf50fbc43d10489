"""Turn a database URL into one of Django's DATABASES entries, with the pool and health checks we want."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def alias(url: str, *, pool: int, **extra: Any) -> dict[str, Any]:
    """Return the settings of one login.

    `pool` is the largest number of connections a process keeps (0: no pool). Query parameters of the
    URL go to libpq as they are (`sslmode`, `connect_timeout`). An empty URL gives an entry that cannot
    connect: a process without that login has no business there.
    """
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    # Prepared statements and server-side cursors would not survive PgBouncer's transaction pooling.
    options["prepare_threshold"] = None
    options.setdefault("connect_timeout", 5)
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10, "max_idle": 60}
    return {
        "ENGINE": "miosa.pg",
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "NAME": unquote(parts.path.lstrip("/")) or "unset",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": options,
        **extra,
    }


def replica(url: str, *, pool: int) -> dict[str, Any]:
    """Return the settings of a standby that the application's login reads, in the tenant that is in force on "default"."""
    settings = alias(url, pool=pool, TENANT_FROM="default", READ_ONLY=True, TEST={"MIRROR": "default"})
    # A request that finds it away shall be answered by the primary soon.
    settings["OPTIONS"]["connect_timeout"] = min(2, int(settings["OPTIONS"]["connect_timeout"]))
    if pool:
        settings["OPTIONS"]["pool"]["timeout"] = 2
    return settings
