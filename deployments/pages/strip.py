"""A strip: one upright mark for each look or day, coloured by how it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString

from miosa.drawing.svg import number

LOOKS = ("good", "fair", "bad", "none")
GAP = 0.28  # of a mark's room


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: its look, its height from 0 to 1, and what a pointer over it tells."""

    look: str
    hint: str
    height: float = 1.0


def strip(marks: Sequence[Mark], *, title: str, width: float = 420, height: float = 34) -> SafeString:
    """The marks from left to right; they fill the width whatever their number."""
    shown = marks or [Mark("none", "nothing yet")]
    room = width / len(shown)
    shapes = [_mark(place * room, room * (1 - GAP), height, mark) for place, mark in enumerate(shown)]
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    # No style of its own: the public page takes none that is not in its style sheet.
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>'
    return SafeString(f"{frame}<title>{escape(title)}</title>{''.join(shapes)}</svg>")


def _mark(x: float, width: float, height: float, mark: Mark) -> str:
    tall = height * min(1.0, max(0.15, mark.height))
    place = f'x="{number(x)}" y="{number(height - tall)}" width="{number(max(1.0, width))}" height="{number(tall)}"'
    look = mark.look if mark.look in LOOKS else "none"
    return f'<rect class="m-mark-{look}" {place} rx="{number(min(2.0, width / 3))}"><title>{escape(mark.hint)}</title></rect>'
