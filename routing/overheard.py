"""Who listens to an answer while it is written: whoever asked may show it; nothing is decided by it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, str], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell the listener each piece of text of the calls inside, as it comes, and the model that is asked where that is new.

    An empty piece: an answer begins (anew).
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def overheard(piece: str, *, model: str = "") -> None:
    """Hand one piece on to whoever listens; an empty one where an answer begins, with the model that is asked for it."""
    listener = _listener.get()
    if listener is not None:
        listener(piece, model)
