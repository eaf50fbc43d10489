"""The frame of every drawing: one inline SVG that takes the colour of the text around it and can be read aloud."""

import math
from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString

LETTER_WIDTH = 6.6  # pixels of an average letter at FONT_SIZE, a little generous
FONT_SIZE = 12
MOST_LETTERS = 28
COLUMN_GAP = 10
SPOKEN_WHOLE = 1000  # from here on decimals say nothing


def drawing(
    shapes: Iterable[str], *, width: float, height: float, title: str, description: str = ""
) -> SafeString:
    """The complete element; it shrinks with its column, and never grows beyond `width` pixels.

    `shapes` are finished SVG elements, `title` and `description` plain text.
    """
    told = f"<title>{escape(title)}</title>" + (f"<desc>{escape(description)}</desc>" if description else "")
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    return SafeString(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-size="{FONT_SIZE}" fill="currentColor"'
        f' style="max-width:100%;height:auto;vertical-align:middle">{told}{"".join(shapes)}</svg>'
    )


def box(x: float, y: float, width: float, height: float, *, opacity: float = 1, hint: str = "") -> str:
    """A filled rectangle; `hint` is what a pointer over it tells."""
    inner = f"<title>{escape(hint)}</title>" if hint else ""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(max(0, width))}" height="{number(height)}"'
    return f'<rect {place} rx="2" opacity="{number(opacity)}">{inner}</rect>'


def words(
    x: float, y: float, text: str, *, room: float = 1e9, anchor: str = "start", opacity: float = 1
) -> str:
    """One line of text, shortened to `room` pixels; the whole of it stays readable under a pointer."""
    shown = shortened(text, most=min(MOST_LETTERS, int(room / LETTER_WIDTH)))
    hint = f"<title>{escape(text)}</title>" if shown != text else ""
    look = f'text-anchor="{anchor}" opacity="{number(opacity)}"'
    return f'<text x="{number(x)}" y="{number(y)}" {look}>{hint}{escape(shown)}</text>'


def shortened(text: str, *, most: int = MOST_LETTERS) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def column_width(texts: Iterable[str]) -> float:
    """Pixels that the widest of these texts takes, with a gap behind it; 0 without text."""
    letters = max((len(shortened(text)) for text in texts), default=0)
    return letters * LETTER_WIDTH + COLUMN_GAP if letters else 0


def finite(value: float | None) -> float | None:
    """A number that can be drawn; None for what is missing, not a number or infinite."""
    return float(value) if value is not None and math.isfinite(value) else None


def number(value: float) -> str:
    """A coordinate: at most two decimals, none where none are needed."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")  # adding 0.0 turns -0.0 into 0.0


def spoken(value: float | None) -> str:
    """A value as text: three significant digits, a dash where there is none."""
    found = finite(value)
    if found is None:
        return "–"
    return f"{found:,.0f}" if abs(found) >= SPOKEN_WHOLE else f"{found:.3g}"
