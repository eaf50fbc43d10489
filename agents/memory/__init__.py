"""What a tenant remembers: kept with its origin, recalled by meaning and by words, edited, forgotten, expired."""

from agents.memory.keeping import (
    MOST_CHARACTERS,
    Note,
    Place,
    Provenance,
    edit,
    forget,
    listed,
    one,
    remember,
    remember_result,
    sweep,
    touch,
)
from agents.memory.reach import EVERYWHERE, Reach
from agents.memory.recalling import recall
from agents.memory.searching import Asked, Found, search

__all__ = [
    "EVERYWHERE",
    "MOST_CHARACTERS",
    "Asked",
    "Found",
    "Note",
    "Place",
    "Provenance",
    "Reach",
    "edit",
    "forget",
    "listed",
    "one",
    "recall",
    "remember",
    "remember_result",
    "search",
    "sweep",
    "touch",
]
