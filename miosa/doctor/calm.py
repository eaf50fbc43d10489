"""The process while a doctor works in it: it hurries, sends nothing and says nothing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, reset_hashers
from drf_spectacular.drainage import GENERATOR_STATS

from miosa.doctor.bodies import document
from miosa.doctor.requests import client
from miosa.limits_environment import MOST, Rate


class QuickHasher(PBKDF2PasswordHasher):
    """For passwords that live for seconds and open nothing, here and in tests: one round, where others take a million."""

    iterations = 1


@contextmanager
def calm() -> Iterator[None]:
    """Lift the rates of this process alone, send no mail and log nothing until the block ends."""
    environment = settings.ENVIRONMENT
    rates: dict[str, Any] = {
        one.name: Rate(MOST, 1, MOST) for one in fields(environment) if one.name.startswith("rate_")
    }
    ours = {
        "ENVIRONMENT": replace(environment, **rates),
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "PASSWORD_HASHERS": [
            f"{QuickHasher.__module__}.{QuickHasher.__name__}",
            *settings.PASSWORD_HASHERS[1:],
        ],
    }
    theirs = {name: getattr(settings, name) for name in ours}
    _set(ours)
    logging.disable(logging.CRITICAL)
    try:
        with GENERATOR_STATS.silence():
            yield
    finally:
        logging.disable(logging.NOTSET)
        _set(theirs)


def _set(values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    reset_hashers(setting="PASSWORD_HASHERS")
    client.cache_clear()
    document.cache_clear()
