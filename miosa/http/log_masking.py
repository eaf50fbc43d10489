"""No credential reaches a log: what looks like one, and every secret of the environment, is hidden on the handlers."""

import logging
from dataclasses import fields
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from miosa.http.secrecy import HIDDEN, without_credentials

SHORTEST = 8  # characters; a shorter secret would hide words that mean something else

_traceback = logging.Formatter()


class MaskSecrets(logging.Filter):
    """Rewrites a record in place: its message, its traceback and its stack, before any handler prints them."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # else the handler would print the arguments as they are
            message = f"{record.msg!r} with arguments that do not fit it"
        record.msg, record.args = masked(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _traceback.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        if record.stack_info:
            record.stack_info = masked(record.stack_info)
        return True


def masked(text: str) -> str:
    """Return the text without credentials and without the secrets of this installation."""
    for secret in known_secrets(settings.ENVIRONMENT):
        text = text.replace(secret, HIDDEN)
    return without_credentials(text)


@lru_cache(maxsize=4)
def known_secrets(environment: Any) -> tuple[str, ...]:
    """Return every secret value of the environment, and the passwords inside its URLs, longest first."""
    found: set[str] = set()
    for spec in fields(environment):
        if spec.metadata.get("secret"):
            value = getattr(environment, spec.name)
            for text in value if isinstance(value, tuple) else (value,):
                found |= _parts(str(text))
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))


def _parts(text: str) -> set[str]:
    if "://" in text:  # a URL is no secret but for the password in it
        password = urlsplit(text).password or ""
        return {password, unquote(password)}
    return {text, text.partition(":")[2]}
