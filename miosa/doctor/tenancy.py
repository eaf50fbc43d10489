"""The whole visit: two tenants in each place, every surface attacked, everything taken away again."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from miosa.doctor.attack import PLACES, SILO, Attack, Ground, Missed, Surface
from miosa.doctor.attacks import SURFACES
from miosa.doctor.calm import calm
from miosa.doctor.subjects import ground, visit
from tenants.moving.refusal import MoveRefused

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one surface in one place."""

    surface: Surface
    place: str
    attacks: tuple[Attack, ...]
    missed: tuple[Missed, ...]

    @property
    def leaks(self) -> tuple[Attack, ...]:
        """The attacks that came through."""
        return tuple(one for one in self.attacks if one.leaked)

    @property
    def targets(self) -> int:
        """How many different things were attacked."""
        return len({one.target for one in self.attacks})


@dataclass(slots=True)
class Findings:
    """The outcome: `skipped` are places that nobody asked for, with the reason; `left` tenants of an earlier visit."""

    rows: list[Row] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    left: int = 0
    seconds: float = 0.0

    @property
    def attacks(self) -> int:
        """How many attacks there were."""
        return sum(len(row.attacks) for row in self.rows)

    @property
    def leaks(self) -> list[tuple[Row, Attack]]:
        """Every attack that came through, with its row."""
        return [(row, leak) for row in self.rows for leak in row.leaks]

    @property
    def missed(self) -> list[tuple[Row, Missed]]:
        """Everything that could not be attacked, with its row."""
        return [(row, miss) for row in self.rows for miss in row.missed]

    @property
    def sound(self) -> bool:
        """Whether everything was attacked, and nothing came through."""
        return not self.leaks and not self.missed


def examine(
    *, places: Sequence[str] = PLACES, surfaces: Iterable[Surface] = SURFACES, say: Say = lambda _line: None
) -> Findings:
    """Attack the isolation of this installation and return what came of it; nothing is left behind.

    Raises:
        OwnerUnknown, Occupied: nothing was attacked, and the message says why.
    """
    begun, found, chosen = time.monotonic(), Findings(), tuple(surfaces)
    found.skipped = {place: "it was not asked for" for place in PLACES if place not in places}
    with visit() as left, calm():
        found.left = left
        for place in places:
            say(f"opening two tenants ({place})")
            # What is the same everywhere is looked at last, when everything is there to be looked at.
            now = [one for one in chosen if not one.once or place == places[-1]]
            found.rows += _in_place(place, now, say)
    found.seconds = time.monotonic() - begun
    return found


def _in_place(place: str, surfaces: Sequence[Surface], say: Say) -> Iterator[Row]:
    try:
        with ground(place) as there:
            for surface in surfaces:
                say(f"attacking {surface.name} ({place})")
                yield _row(surface, there)
    except MoveRefused as refusal:
        where = Surface(SILO, lambda _ground: (), "a schema of its own", "see why the tenant could not move")
        yield Row(where, place, (), (Missed(SILO, place, str(refusal)),))


def _row(surface: Surface, there: Ground) -> Row:
    found = tuple(surface.attacks(there))
    attacks = tuple(one for one in found if isinstance(one, Attack))
    return Row(surface, there.place, attacks, tuple(one for one in found if isinstance(one, Missed)))
