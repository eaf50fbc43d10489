"""Liveness and readiness: is this process alive, and can the whole answer a request now."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse

from miosa.environment import effects
from routing import board

WORKER_KEY = "miosa:worker-heartbeat"
WORKER_SILENT_AFTER_S = 20


def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 while the process runs, with what each absent key means."""
    told = [
        {"variable": effect.name, "present": effect.present, "effect": effect.effect}
        for effect in effects(settings.ENVIRONMENT)
    ]
    return JsonResponse({"status": "alive", "environment": told})


def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker, worker and a language model answer, else 503 with the reason of each.

    Sandboxes and hosting are told as well; requests are answered without them, so they do not decide.
    """
    checks = {name: _outcome(check) for name, check in (CHECKS | TOLD).items()}
    ready = all(checks[name]["ok"] for name in CHECKS)
    headers = {} if ready else {"Retry-After": "2"}
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "checks": checks},
        status=200 if ready else 503,
        headers=headers,
    )


def beat() -> None:
    """Called by the worker every second or so: readiness reads it back."""
    cache.set(WORKER_KEY, time.time(), timeout=3600)


def _outcome(check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"ok": True, "detail": check()}
    except Exception as error:  # noqa: BLE001  whatever is wrong is the answer here
        return {
            "ok": False,
            "detail": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}",
        }


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def _broker() -> str:
    cache.get(WORKER_KEY)
    return "answers"


def _worker() -> str:
    last = cache.get(WORKER_KEY)
    if last is None or time.time() - last > WORKER_SILENT_AFTER_S:
        raise RuntimeError("no worker has reported lately: start one with `celery -A miosa.celery worker`")
    return "reports"


def _providers() -> str:
    ready = board.reachable()
    local = settings.ENVIRONMENT.local_model_url
    if local:
        try:
            httpx.get(f"{local}/models", timeout=2).raise_for_status()
        except httpx.HTTPError:
            ready -= {"local"}
    if not ready:
        raise RuntimeError("no language model: set GROQ_API_KEY or KIMI_API_KEY, or check LOCAL_MODEL_URL")
    return ", ".join(sorted(ready))


def _sandboxes() -> str:
    if settings.ENVIRONMENT.e2b_api_key:
        return "E2B's cloud"
    return _answering(settings.ENVIRONMENT.sandboxes_url, "MIOSA_SANDBOXES_URL")


def _hosting() -> str:
    return _answering(settings.ENVIRONMENT.hosting_url, "MIOSA_HOSTING_URL")


def _answering(url: str, variable: str) -> str:
    """Ask a server of ours how it does; the token in its address stays here."""
    if not url:
        raise RuntimeError(f"none: start the product with `manage.py serve`, or set {variable}")
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    httpx.get(f"{place}/health", timeout=2).raise_for_status()
    return "answers"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "worker": _worker,
    "providers": _providers,
}
TOLD: dict[str, Callable[[], str]] = {"sandboxes": _sandboxes, "hosting": _hosting}
