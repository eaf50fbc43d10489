"""Find the things a request is about, what is known of each, and the parts a system would have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agents.text.vocabulary import vocabulary
from agents.text.words import STOPWORDS, words

# Words that name a property of a thing, with the kind of value it has.
ATTRIBUTES: dict[str, str] = {
    "name": "str", "title": "str", "email": "str", "e-mail": "str", "description": "str", "text": "str", "body": "str",
    "content": "str", "status": "str", "state": "str", "address": "str", "phone": "str", "phone number": "str", "url": "str",
    "link": "str", "category": "str", "type": "str", "colour": "str", "color": "str", "password": "str", "username": "str",
    "author": "str", "isbn": "str", "sku": "str", "code": "str", "currency": "str", "country": "str", "city": "str", "image": "str",
    "price": "float", "amount": "float", "total": "float", "weight": "float", "rating": "float", "score": "float", "discount": "float",
    "quantity": "int", "stock": "int", "age": "int", "year": "int", "count": "int", "priority": "int", "number": "int", "size": "int",
    "duration": "int", "date": "date", "due date": "date", "deadline": "date", "birthday": "date", "start date": "date",
    "end date": "date", "created": "datetime", "timestamp": "datetime", "time": "datetime", "done": "bool", "active": "bool",
    "completed": "bool", "paid": "bool", "published": "bool", "tags": "list", "labels": "list",
}  # fmt: skip
_NOT_THINGS = vocabulary(
    "api apis app apps application applications system systems platform platforms website websites service services backend frontend database"
    " databases rest web page pages list lists function functions code test tests python javascript user-interface interface ui cli tool tools"
    " program script way day days week weeks month months minute minutes hour hours second seconds feature features part parts thing things"
    " support data information details access login search filter reports report authentication authorization notifications ability team months"
    " requirements requirement roadmap plan milestones milestone schema architecture component components design model models endpoint endpoints"
    " risk risks step steps people need needs option options seconds years year percent example examples words word text texts"
)
_PLURAL = re.compile(r"\b([a-z]+(?:[ -][a-z]+)?)\b", re.IGNORECASE)
_HAS = re.compile(
    r"\b(?:(?:each|every|an?|the)\s+)?(?P<thing>[a-z]+)\s+(?:ha(?:s|ve)|contains?|consists? of|stores?)\s+(?:an?\s+|its\s+|the\s+)(?P<rest>[^.;:\n]+)",
    re.IGNORECASE,
)
_SHORTEST_PLURAL, _LONGEST_PART_WORDS = 4, 5
_VERBS = vocabulary(
    "add create edit update delete remove list view show search filter assign mark book order pay buy sell send receive track share upload"
    " download export import approve reject cancel comment rate like follow invite register log sign borrow return schedule publish"
)


@dataclass
class Entity:
    """A thing records are kept of."""

    name: str
    phrase: str
    fields: dict[str, str] = field(default_factory=dict)
    verbs: list[str] = field(default_factory=list)


def singular(word: str) -> str:
    """Return the singular of a regular English noun."""
    for ending, put in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x")):
        if word.endswith(ending):
            return word[: -len(ending)] + put
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is", "news")) else word


def entities(wanted: str, *, limit: int = 6) -> list[Entity]:
    """Return the things of a request in order of appearance, with the properties and verbs told of them."""
    found: dict[str, Entity] = {}
    for phrase in _things(wanted):
        name = "".join(part.capitalize() for part in singular(phrase.lower()).replace("-", " ").split())
        if name not in found and len(found) < limit:
            found[name] = Entity(name, phrase)
    _properties(wanted, found)
    _actions(wanted, found)
    return list(found.values())


def _things(wanted: str) -> Iterator[str]:
    """Yield the plural nouns and the nouns that "have" something."""
    owners = {match["thing"].lower() for match in _HAS.finditer(wanted)}
    for word in re.findall(r"[A-Za-z][a-z]+(?:-[a-z]+)*", wanted):
        plain = word.lower()
        if (
            plain in _NOT_THINGS
            or plain in STOPWORDS
            or singular(plain) in ATTRIBUTES
            or plain in ATTRIBUTES
            or singular(plain) in _NOT_THINGS
        ):
            continue
        owner = bool({plain, singular(plain)} & owners)
        if owner or (_is_plural(plain, wanted) and not (singular(plain) in _VERBS and not owner)):
            yield plain


def _is_plural(word: str, wanted: str) -> bool:
    """Return whether a word is a plural noun and not a verb in the third person ("a user books")."""
    if not word.endswith("s") or word.endswith(("ss", "us", "is", "ous")) or len(word) < _SHORTEST_PLURAL:
        return False
    before = re.search(rf"\b(\w+),?\s+{re.escape(word)}\b", wanted, re.IGNORECASE)
    ahead = before[1].lower() if before else ""
    third_person = ahead in {"that", "which", "who", "it", "he", "she", "each", "every", "and"} and re.search(
        rf"\b{re.escape(word)}\s+(?:the|a|an|its|all|how|whether)\b", wanted, re.IGNORECASE
    )
    return not third_person and ahead not in {"that", "which", "who", "it"}


def _properties(wanted: str, found: dict[str, Entity]) -> None:
    """Give each property to the thing that "has" it, else to the last thing named before it."""
    owned = {match["thing"].lower(): match["rest"] for match in _HAS.finditer(wanted)}
    last: Entity | None = None
    tokens = [word.lower() for word in words(wanted)]
    for position, word in enumerate(tokens):
        thing = found.get(singular(word).capitalize())
        last = thing or last
        two = f"{word} {singular(tokens[position + 1])}" if position + 1 < len(tokens) else ""
        known = two if two in ATTRIBUTES else singular(word) if singular(word) in ATTRIBUTES else ""
        before = f"{tokens[position - 1]} {singular(word)}" if position else ""
        if not known or before in ATTRIBUTES:
            continue
        owner = next(
            (
                found[singular(name).capitalize()]
                for name, rest in owned.items()
                if known in rest.lower() and singular(name).capitalize() in found
            ),
            last,
        )
        if owner is not None:
            owner.fields[known.replace(" ", "_").replace("-", "")] = ATTRIBUTES[known]


def _actions(wanted: str, found: dict[str, Entity]) -> None:
    for entity in found.values():
        plural_or_one = rf"{re.escape(entity.phrase)}|{re.escape(singular(entity.phrase))}"
        for match in re.finditer(
            rf"\b(\w+?)(?:s|es|ing)?\s+(?:(?:the|an?|their|its|new|all|one)\s+)?(?:{plural_or_one})\b",
            wanted,
            re.IGNORECASE,
        ):
            verb = match[1].lower()
            if verb in _VERBS and verb not in entity.verbs:
                entity.verbs.append(verb)


def parts(wanted: str) -> list[str]:
    """Return the parts a request names itself: "two parts: a web shop and a warehouse"."""
    match = re.search(
        r"\b(?:parts|components|modules|services|layers)\b\s*:?\s*(?P<rest>[^.\n]+)", wanted, re.IGNORECASE
    )
    if not match:
        return []
    rest = re.split(r",|\band\b|;", match["rest"])
    return [
        re.sub(r"^(?:an?|the|one|for)\s+", "", part.strip(), flags=re.IGNORECASE)
        for part in rest
        if 0 < len(words(part)) <= _LONGEST_PART_WORDS
    ]
