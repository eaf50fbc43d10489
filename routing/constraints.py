"""The hard limits: which models may answer at all, and what took the others out."""

from collections.abc import Callable, Iterator

from routing.catalog import Catalog, Model
from routing.errors import Removal
from routing.requirement import Requirement


def sift(
    catalog: Catalog, requirement: Requirement, *, providers: frozenset[str]
) -> tuple[tuple[Model, ...], tuple[Removal, ...]]:
    """The models that remain, in the catalogue's order, and one Removal for each other (its first reason).

    `providers` are the names of those that can be reached: set up with a key or an address.
    """
    remaining: list[Model] = []
    removed: list[Removal] = []
    for model in catalog.models:
        found = next(_objections(catalog, model, requirement, providers), None)
        if found is None:
            remaining.append(model)
        else:
            removed.append(found)
    return tuple(remaining), tuple(removed)


def _objections(
    catalog: Catalog, model: Model, requirement: Requirement, providers: frozenset[str]
) -> Iterator[Removal]:
    for name, check in CONSTRAINTS:
        reason = check(model, requirement)
        if reason:
            yield Removal(model.id, name, reason)
    if model.provider not in providers:
        facts = catalog.provider(model.provider)
        variable = facts.key_variable or facts.url_variable
        yield Removal(model.id, "provider", f"{facts.title} is not set up ({variable} is empty)")


def _price(model: Model, _requirement: Requirement) -> str:
    return "" if model.price else "its price is unknown, and unknown is not free"


def _input(model: Model, requirement: Requirement) -> str:
    if requirement.input_tokens <= model.max_input_tokens:
        return ""
    return f"{requirement.input_tokens} input tokens, it takes {model.max_input_tokens}"


def _tools(model: Model, requirement: Requirement) -> str:
    return "it cannot call tools" if requirement.needs_tools and not model.tools else ""


def _json(model: Model, requirement: Requirement) -> str:
    return "it promises no JSON" if requirement.needs_json and model.json == "none" else ""


CONSTRAINTS: tuple[tuple[str, Callable[[Model, Requirement], str]], ...] = (
    ("price", _price),
    ("input", _input),
    ("tools", _tools),
    ("json", _json),
)
