"""What others say of our models, and what a comparison with the catalogue finds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# gone: offered no more. new: offered, and not in the catalogue. unknown: the source says nothing of it.
Verdict = Literal["same", "differs", "unknown", "gone", "new"]
VERDICTS: tuple[Verdict, ...] = ("differs", "gone", "new", "unknown", "same")
TROUBLE: frozenset[Verdict] = frozenset({"differs", "gone"})


@dataclass(frozen=True, slots=True)
class Step:
    """What a million tokens cost, in micro-dollars, once the input is longer than so many tokens."""

    fact: Literal["input price", "output price", "cached price"]
    above_tokens: int
    micros: int


@dataclass(frozen=True, slots=True)
class Listing:
    """What a price list says of one model; None where it says nothing.

    Prices in micro-dollars per million tokens. `id` is the list's own spelling. `deprecated`: the list marks
    it as given up by its provider.
    """

    id: str
    input_micros: int | None = None
    output_micros: int | None = None
    cached_micros: int | None = None
    context_tokens: int | None = None
    deprecated: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceList:
    """A price list by its name and version, and what it says of the catalogue's models and retired names."""

    name: str
    listings: Mapping[str, Listing]


@dataclass(frozen=True, slots=True)
class Offer:
    """The models a provider lists just now, by id, with their context windows in tokens where it tells.

    `windows` None: it was not asked, or gave no answer; `said` is why.
    """

    provider: str
    windows: Mapping[str, int | None] | None
    asked: bool
    said: str

    @property
    def source(self) -> str:
        return f"{self.provider} /models"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact of one model, held against one source.

    `ours` and `theirs` are micro-dollars per million tokens or tokens, None where one side has no number;
    `percent` is by how much theirs is above ours.
    """

    model: str
    provider: str
    source: str
    fact: str
    verdict: Verdict
    ours: int | None = None
    theirs: int | None = None
    percent: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One run: who was asked, and everything that was found, in the catalogue's order."""

    price_list: str
    offers: tuple[Offer, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing differs and nothing is gone; what nobody could tell does not count against it."""
        return not any(finding.verdict in TROUBLE for finding in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(finding.verdict for finding in self.findings)
        return {verdict: found[verdict] for verdict in VERDICTS}
