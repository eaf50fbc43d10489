"""Reads the weights of a what-if: from "balance:Quality=0.4,Cost=0.1", or from a JSON file."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from routing import policies
from routing.policies import InvalidWeights
from routing.scoring.weights import NODES, SIX_NODES, WeightSet

NAMES = tuple(node.name for node in NODES)


def read(given: Sequence[str]) -> WeightSet:
    """Return the product's weights with those that are given.

    Raises InvalidWeights, ValueError for what cannot be read, OSError for a file that cannot.
    """
    by_mode: dict[str, dict[str, float]] = {}
    for one in given:
        by_mode |= _file(one) if ":" not in one or Path(one).is_file() else _line(one)
    return policies.weight_set(by_mode)


def _file(name: str) -> dict[str, Any]:
    try:
        content = json.loads(Path(name).read_text())
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is no text") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{name} is no JSON: {error}") from error
    if not isinstance(content, dict) or not all(isinstance(value, dict) for value in content.values()):
        raise ValueError(f'{name} holds no weights such as {{"balance": {{"Quality": 0.4, ...}}}}')
    return content


def _line(text: str) -> dict[str, dict[str, float]]:
    mode, _, rest = text.partition(":")
    mode, named = mode.strip(), {}
    for pair in rest.split(","):
        name, _, number = (part.strip() for part in pair.partition("="))
        try:
            named[name] = float(number)
        except ValueError:
            raise ValueError(f"{pair.strip()!r} is no weight; write NODE=0.4") from None
    return {mode: _filled(mode, named)}


def _filled(mode: str, named: dict[str, float]) -> dict[str, float]:
    """Nodes that are not named share what is left, in the proportions of the product's weights."""
    if mode not in SIX_NODES.by_mode or not set(named) <= set(NAMES):
        return named  # refused with the names that there are
    others = {
        name: weight for name, weight in zip(NAMES, SIX_NODES.by_mode[mode], strict=True) if name not in named
    }
    if not others:
        return named
    left = 1 - math.fsum(named.values())
    if left < 0:
        raise InvalidWeights(f"the weights of {mode} are {1 - left:g} together, more than 1")
    whole = math.fsum(others.values())
    return named | {name: weight * left / whole for name, weight in others.items()}
