"""Every decision made before it is asked for: an immutable board of finished, explained choices.

A board is compiled from what is known (catalogue, snapshot, weights, rules, reachable providers) and never
changes; new knowledge is a new board, and whoever holds one swaps one reference. The usual questions are
compiled at once, the others when first asked. Its version is a hash of what is known: the same knowledge gives
the same board in every process and after every restart.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping

from routing.catalog import Catalog
from routing.choice import Choice
from routing.compiled import Compiler
from routing.entry import Entry
from routing.errors import NoCandidate
from routing.known import Known
from routing.requirement import MODES, SMALLEST_CLASS_BITS, TASK_KINDS, Requirement, size_class
from routing.rules import SEED_RULES, Rules
from routing.scoring.weights import SIX_NODES, WeightSet
from routing.selections import Selections
from routing.snapshot import EMPTY, Snapshot

MOST_ENTRIES = 4_096  # questions kept on one board; topics are the callers' to invent


class Scoreboard:
    """`best` and `draws` are the look-up tables by `Requirement.key`; ask `entry` for what they lack.

    `similar` holds the selections made on this board, for tasks whose neighbours ask again.
    """

    __slots__ = ("_compiler", "_entries", "best", "draws", "known", "similar", "version")

    def __init__(
        self,
        catalog: Catalog,
        snapshot: Snapshot = EMPTY,
        *,
        providers: Iterable[str],
        weights: WeightSet = SIX_NODES,
        rules: Rules = SEED_RULES,
        warm: Iterable[str] = TASK_KINDS,
    ) -> None:
        """`providers`: those that can be reached. `warm`: the task kinds to compile now, not when first asked."""
        self._hold(Known(catalog, snapshot, weights, rules, frozenset(providers)), warm)

    @classmethod
    def of(cls, known: Known, *, warm: Iterable[str] = ()) -> "Scoreboard":
        """The board that this knowledge makes."""
        board = cls.__new__(cls)
        board._hold(known, warm)  # noqa: SLF001  a second constructor
        return board

    def _hold(self, known: Known, warm: Iterable[str]) -> None:
        self.known = known
        self.version = known.version
        self.best: dict[str, Choice] = {}
        self.draws: dict[str, Callable[[], Choice]] = {}
        self.similar = Selections()
        self._compiler = Compiler(known)
        self._entries: dict[tuple[object, ...], Entry] = {}
        for task_kind in warm:
            for mode in MODES:
                self._warm(Requirement(task_kind, mode))

    @property
    def catalog(self) -> Catalog:
        """The models it chooses among."""
        return self.known.catalog

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models it chooses among."""
        return tuple(model.id for model in self.known.catalog.models)

    @property
    def snapshot(self) -> Snapshot:
        """What outcomes had taught when it was compiled."""
        return self.known.snapshot

    def updated(self, snapshot: Snapshot, *, warm: Iterable[str] = TASK_KINDS) -> "Scoreboard":
        """A new board from new knowledge; only the `warm` kinds are compiled at once."""
        known = self.known
        return Scoreboard.of(
            Known(known.catalog, snapshot, known.weights, known.rules, known.providers), warm=warm
        )

    def entry(self, requirement: Requirement) -> Entry:
        """The answer, compiled now if nobody asked before. Raises NoCandidate."""
        question = (requirement.area, requirement.mode, *self._compiler.limits(requirement))
        entry = self._entries.get(question)
        if entry is None:
            entry = self._compiler.entry(requirement)
            if len(self._entries) >= MOST_ENTRIES:
                return entry
            entry = self._entries.setdefault(question, entry)
        if self._one_answer(size_class(requirement.input_tokens)):
            self.draws[requirement.key] = entry.draw
            self.best[requirement.key] = entry.best
        return entry

    def prompted(self, requirement: Requirement, shifts: Mapping[str, float]) -> Entry:
        """The answer when a prompt moves the success of models by so much, -1 to 1; compiled now, for this prompt.

        Raises NoCandidate.
        """
        return self._compiler.moved(shifts).entry(requirement)

    def question(self, requirement: Requirement) -> str:
        """What is asked: requirements with the same question have the same answer, whatever their size."""
        return f"{requirement.key} {bisect_left(self._compiler.sizes, requirement.input_tokens)}"

    def again(
        self, requirement: Requirement, draw: int | None, *, shifts: Mapping[str, float] | None = None
    ) -> Choice:
        """The choice that was made for a requirement: by the rules, or by the draw of that number.

        `shifts` are those of its prompt, where that had a part in it. Raises NoCandidate, and LookupError for a draw
        that no choice begins with.
        """
        entry = self.prompted(requirement, shifts) if shifts else self.entry(requirement)
        return entry.best if draw is None else entry.drawn[draw]

    def _warm(self, requirement: Requirement) -> None:
        try:
            self.entry(requirement)
        except NoCandidate:
            return  # said to whoever asks; a board without candidates is still a board

    def _one_answer(self, size: int) -> bool:
        """Whether all inputs of a size class meet the same limits, so that the key alone is the question."""
        largest = 1 << (size + SMALLEST_CLASS_BITS)
        smallest = largest // 2 + 1 if size else 0
        return bisect_left(self._compiler.sizes, smallest) == bisect_left(self._compiler.sizes, largest)
