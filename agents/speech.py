"""What models are writing at this moment, for whoever watches: in the cache, told twice a second, in no row.

It is a picture of something unfinished: where the cache is away, or a text has ended, nothing is there.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.core.cache import cache
from redis.exceptions import RedisError

from routing.overheard import listening

TOLD_EVERY_S = 0.5
KEPT_S = 30
MOST_SHOWN = 8_000  # characters, the newest

logger = logging.getLogger(__name__)


@contextmanager
def spoken(execution_id: UUID, step_key: str) -> Iterator[None]:
    """Let watchers read along with the model calls inside."""
    mouth = _Mouth(_key(execution_id, step_key))
    try:
        with listening(mouth.say):
            yield
    finally:
        mouth.close()


def heard(execution_id: UUID, step_keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return `model` and `text` of what is being written in steps of the current tenant, by their keys.

    Nothing where the cache is away.
    """
    keys = {_key(execution_id, one): one for one in step_keys}
    try:
        return {keys[key]: said for key, said in cache.get_many(list(keys)).items()} if keys else {}
    except (RedisError, OSError):
        return {}


class _Mouth:
    """Gathers the pieces of one text; a cache that fails once is left alone until the text has ended."""

    def __init__(self, key: str) -> None:
        self._key, self._told_s, self._silent = key, 0.0, False
        self._model = self._text = ""

    def say(self, piece: str, model: str) -> None:
        self._model = model or self._model
        self._text = (self._text + piece)[-MOST_SHOWN:] if piece else ""
        if not self._silent and time.monotonic() - self._told_s >= TOLD_EVERY_S:
            self._told_s = time.monotonic()
            try:
                cache.set(self._key, {"model": self._model, "text": self._text}, KEPT_S)
            except (RedisError, OSError) as error:
                self._silent = True
                logger.info("Nobody can read along: the cache is away (%s)", type(error).__name__)

    def close(self) -> None:
        if self._told_s and not self._silent:
            try:
                cache.delete(self._key)
            except (RedisError, OSError):
                return  # it expires by itself


def _key(execution_id: UUID, step_key: str) -> str:
    return f"speech:{execution_id}:{step_key}"
