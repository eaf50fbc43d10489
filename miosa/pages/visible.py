"""Texts of others as a person may trust their eyes: what is invisible, or turns the order of letters, is written out."""

import re
from typing import Any

# Control characters but tab and line feed; marks and overrides of the direction of writing; what has no width.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def visible(text: str) -> str:
    r"""Return a text with such letters as `\u202e`; in a terminal it can then neither move the cursor nor colour anything."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible_in(value: Any) -> Any:
    """Return the same of every text inside of plain JSON, names of members included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible_in(name): visible_in(one) for name, one in value.items()}
    return [visible_in(one) for one in value] if isinstance(value, list) else value
