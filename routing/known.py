"""All that a decision is made from, as one value: with it, and the catalogue, any decision can be made again."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from routing.catalog import Catalog, digest_of
from routing.requirement import MODES
from routing.rules import Rules
from routing.scoring.weights import WeightSet
from routing.snapshot import Snapshot


def version_of(content: Mapping[str, Any]) -> str:
    """The version that knowledge of this content has, as `Known.as_json` gives it."""
    return digest_of(content)[:16]


@dataclass(frozen=True)
class Known:
    """`version` is a hash of the content: the same knowledge has the same version in every process, for ever."""

    catalog: Catalog
    snapshot: Snapshot
    weights: WeightSet
    rules: Rules
    providers: frozenset[str]

    @cached_property
    def version(self) -> str:
        return version_of(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Everything but the catalogue, which is named by its digest and kept apart."""
        return {
            "catalog": self.catalog.digest,
            "snapshot": self.snapshot.as_json(),
            "weights": {
                "name": self.weights.name,
                "by_mode": {mode: list(self.weights.by_mode[mode]) for mode in MODES},
                "raw": self.weights.raw,
            },
            "rules": self.rules.as_json(),
            "providers": sorted(self.providers),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], catalog: Catalog) -> "Known":
        """The same knowledge again; raises ValueError when `catalog` is not the one it was made with."""
        if stored["catalog"] != catalog.digest:
            raise ValueError(f"made with the catalogue {stored['catalog'][:16]}, not {catalog.digest[:16]}")
        weights = stored["weights"]
        return cls(
            catalog=catalog,
            snapshot=Snapshot.from_json(stored["snapshot"]),
            weights=WeightSet(
                weights["name"],
                {mode: tuple(map(float, row)) for mode, row in weights["by_mode"].items()},
                raw=weights["raw"],
            ),
            rules=Rules.from_json(stored["rules"]),
            providers=frozenset(stored["providers"]),
        )
