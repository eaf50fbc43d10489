"""How an answer looks to the client, where that is not the chat wire itself."""

from typing import Any, Protocol


class Dress(Protocol):
    """Turns the chat wire, which all providers are understood in, into another; one for each call."""

    def whole(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a whole answer."""
        ...

    def event(self, document: dict[str, Any]) -> bytes:
        """Return what one event of a stream becomes, as it is sent; often nothing."""
        ...

    def last(self, member: dict[str, Any] | None) -> bytes:
        """Return the end of a stream that is whole; `member` is what the caller wants to know of the decision."""
        ...

    def broken(self, error: dict[str, Any]) -> bytes:
        """Return the end of a stream that broke off."""
        ...
