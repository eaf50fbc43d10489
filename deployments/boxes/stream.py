"""An asynchronous iterator that can be left early."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Stream(Protocol[T_co]):
    """`async for` over it, or `await anext(it)`; `await it.aclose()` when no more is wanted."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...

    async def __anext__(self) -> T_co:
        """Return the next item. Raise StopAsyncIteration after the last."""

    async def aclose(self) -> None:
        """Want no more. Safe to repeat."""
