"""What httpcore raises, told as httpx's own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpcore
import httpx

TOLD: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
)


@contextmanager
def told() -> Iterator[None]:
    """Raise the httpx error for whatever httpcore raises inside."""
    try:
        yield
    except tuple(theirs for theirs, _ in TOLD) as error:
        ours = next(ours for theirs, ours in TOLD if isinstance(error, theirs))
        raise ours(str(error)) from error
