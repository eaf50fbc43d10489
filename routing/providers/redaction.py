"""Keeps keys out of everything that is shown, logged or stored."""

import re

HIDDEN = "[hidden]"
# The prefixes of the keys this product handles; a longer word around them is swallowed with them.
_KEYS = re.compile(r"(?:\bBearer\s+\S+|\b(?:gsk|sk|rk|pk|e2b|rnd|whsec|miosa)[-_][A-Za-z0-9_\-.]{6,})")


class Secret:
    """A key that shows itself only when asked by name: its repr, str and format hide it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one line that sends it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def redact(text: str, *secrets: Secret) -> str:
    """The text without these secrets, and without anything that looks like a key."""
    for secret in secrets:
        if secret:
            text = text.replace(secret.reveal(), HIDDEN)
    return _KEYS.sub(HIDDEN, text)
