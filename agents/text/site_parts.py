"""What a request says a site holds: records with fields, a function, sections; all in the request's own words."""

import re
import unicodedata
from dataclasses import dataclass

from agents.text.domain import ATTRIBUTES, singular
from agents.text.words import STOPWORDS, words

MOST_FIELDS, MOST_SECTIONS, LONGEST_HEADING = 8, 8, 70


@dataclass(frozen=True)
class Field:
    """One value of a record or one parameter of a function."""

    name: str
    label: str
    type: str = "str"


@dataclass(frozen=True)
class Records:
    """Things the site keeps a list of."""

    one: str
    many: str
    fields: tuple[Field, ...]
    title: str


@dataclass(frozen=True)
class Section:
    """A part of a page; `written_by` is "" where its words are the request's own."""

    heading: str
    texts: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    written_by: str = ""

    @property
    def empty(self) -> bool:
        """True where the request gives a heading and nothing to put under it."""
        return not self.texts and not self.points


_KEEPS = re.compile(
    r"\b(?:keeps?|keeping|tracks?|tracking|stores?|storing|manages?|managing|records?|saves?|collects?|logs?|organi[sz]es?|maintains?|catalogu?es?|"
    r"(?:add|enter|save|post|keep|delete|edit|list)(?:,? (?:and|or|edit|list|delete|remove|add|view|,)+)+)\s+(?P<rest>[^.;:\n]+)",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\b(?:list|collection|catalogue|catalog|inventory|log|register|directory|database|crud|table) (?:of|for) (?P<rest>[^.;:\n]+)",
    re.IGNORECASE,
)
_KNOWN: tuple[tuple[str, str, str, str], ...] = (  # words, one, many, fields
    (r"to-?do|todos?|task list|tasks? app", "task", "tasks", "title:str done:bool"),
    (r"guest ?book", "entry", "entries", "name:str message:str"),
    (r"shopping list|grocery list|groceries", "item", "items", "name:str quantity:int"),
    (r"expenses? (?:tracker|app|list|log)|expense tracker|budget tracker", "expense", "expenses", "description:str amount:float date:date"),
    (r"notes? app|notebook|note[- ]taking", "note", "notes", "title:str text:str"),
    (r"address book|contacts? (?:list|app|book|manager)", "contact", "contacts", "name:str email:str phone:str"),
    (r"bookmarks? (?:list|app|manager)", "bookmark", "bookmarks", "title:str link:str"),
    (r"inventory(?! of| for)", "item", "items", "name:str quantity:int"),
    (r"habit tracker", "habit", "habits", "name:str date:date done:bool"),
)  # fmt: skip
_LIST_APP = re.compile(
    r"\b(?P<thing>[a-z]+) (?:tracker|list|catalogue|catalog|inventory|manager|log|register|directory|database|collection)\b",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\b(?:with|including|having|and (?:its|their)|by|fields?:?|(?:each|every) (?:\w+ )?(?:has|having|with)|(?:has|have))\s+"
    r"(?:(?:an?|the|its|their)\s+)?(?P<rest>.+)$",
    re.IGNORECASE,
)
_THING = re.compile(
    r"^(?:(?:track|a|an|the|my|our|your|their|all|some|every|new|of|list|lists|collection|catalogue|inventory)\s+)*(?P<thing>[\w-]+(?: [\w-]+){0,2}?)"
    r"(?=\s+(?:with|including|having|and|by|in|on|at|so|that|which|who|where|each|for|to|via|through|using|fields?)\b|[,()]|\s*$)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*(?:,\s*(?:and\s+)?|\band\b|&|\bplus\b)\s*", re.IGNORECASE)
_DOES = re.compile(
    r"\b(?:that|which|to|and|it|endpoint|api|service|app|page|tool|site)\s+(?:can\s+|will\s+|should\s+)?"
    r"(?P<rest>(?:returns?|gives?|tells?|counts?|converts?|calculates?|computes?|checks?|validates?|reverses?|sorts?|finds?|removes?|sums?|"
    r"adds? (?:up|two)|multipl\w+|capitali[sz]es?|determines?|turns?|encodes?|decodes?|measures?|evaluates?|splits?|squares?|doubles?|flattens?)\s+[^.;:\n]+)",
    re.IGNORECASE,
)
_NOT_A_FUNCTION = re.compile(
    r"^(?:returns?|gives?|tells?|finds?)\s+(?:(?:a|the|all|its|us|me|you|people|visitors)\s+)*(?:list of (?!\w+ in\b)|json|html|status|page|hello|greeting|story|information|facts?|"
    r"opening|address|about|people|visitors|everyone|you|more)",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"^(?:pages?|copies|calories|seats|guests|floors?|servings?|points?|goals?|minutes|hours|kilomet\w+|steps|reps|sets|level)$")  # fmt: skip
_BACKS = re.compile(r"\s+(?:using|in|with|written in|based on)\s+(?:a |an |the )?(?:flask|fast ?api|django|node(?:\.?js)?|express|python|html|javascript|plain html)\b", re.IGNORECASE)  # fmt: skip


def records_of(wanted: str) -> Records | None:
    """Return the things a list of is to be kept, with their fields; None where nothing is kept."""
    plain = _BACKS.sub("", wanted)
    for pattern in (_KEEPS, _LISTED):
        found = pattern.search(plain)
        thing = _THING.match(found["rest"].strip()) if found else None
        if found and thing and thing["thing"].lower() not in STOPWORDS:
            return _records(thing["thing"], found["rest"].strip()[thing.end() :], plain)
    for known, one, many, fields in _KNOWN:
        named = re.search(rf"\b(?:{known})\b", plain, re.IGNORECASE)
        if named:
            told = fields_of(_rest_of(plain[named.end() :]), but=many)
            return Records(one, many, told or _fields_from(fields), named[0].removesuffix(" app"))
    listed = _LIST_APP.search(plain)
    if listed and listed["thing"].lower() not in STOPWORDS:
        return _records(listed["thing"], plain[listed.end() :], plain)
    return None


def _records(thing: str, rest: str, wanted: str) -> Records:
    kept = [word for word in thing.lower().split() if word not in STOPWORDS] or ["record"]
    head = singular(kept[-1])
    one = " ".join([*kept[:-1], head])
    told = fields_of(_rest_of(rest), but=_plural(one)) or _attributes(wanted)
    usual = next((_fields_from(fields) for _, known, _, fields in _KNOWN if known == head), ())
    return Records(one, _plural(one), told or usual or _fields_from("name:str"), _plural(one))


def _plural(one: str) -> str:
    if re.search(r"[^aeiou]y$", one):
        return f"{one[:-1]}ies"
    return f"{one}es" if re.search(r"(?:s|x|z|ch|sh)$", one) else f"{one}s"


def _rest_of(text: str) -> str:
    found = _WITH.search(text)
    return found["rest"] if found else ""


def _fields_from(said: str) -> tuple[Field, ...]:
    return tuple(
        Field(name, name.capitalize(), kind) for name, kind in (one.split(":") for one in said.split())
    )


def _attributes(wanted: str) -> tuple[Field, ...]:
    """Return the properties the words name anywhere, in order."""
    said = [singular(word.lower()) for word in words(wanted)]
    return tuple(
        field_of(word) for word in dict.fromkeys(said) if word in ATTRIBUTES and word not in {"text", "type"}
    )[:MOST_FIELDS]


def fields_of(rest: str, *, but: str = "") -> tuple[Field, ...]:
    """Return the fields of "title, author and year"; what is no name of a value ends the list, things are left out."""
    found: dict[str, Field] = {}
    for part in _PARTS.split(re.split(r"[.;:\n]", rest, maxsplit=1)[0]):
        plain = re.sub(
            r"^(?:(?:an?|the|its|their|some|optional|each|one|by)\s+)+", "", part.strip(), flags=re.IGNORECASE
        )
        said = words(plain)
        if not said or len(said) > 3 or said[0].lower() in STOPWORDS - {"name", "no"}:  # noqa: PLR2004
            break
        field = field_of(plain)
        if not _thing(plain.lower(), but):
            found.setdefault(field.name, field)
        if len(found) == MOST_FIELDS:
            break
    return tuple(found.values())


def _thing(plain: str, but: str) -> bool:
    """Return whether words name things and no value of one: "users and tasks" are none of a task's fields."""
    last = plain.rsplit(maxsplit=1)[-1]
    several = singular(last) != last
    valued = {last, singular(last), plain} & ATTRIBUTES.keys() or _NUMBERS.match(plain) or last == "notes"
    return plain == but or (several and not valued)


def field_of(said: str) -> Field:
    """Return a field called like this, with the kind of value its name suggests."""
    plain = " ".join(said.split())[:40]
    last = singular(plain.lower().split()[-1]) if plain else ""
    kind = (
        ATTRIBUTES.get(plain.lower())
        or ATTRIBUTES.get(last)
        or ("int" if _NUMBERS.match(plain.lower()) else "str")
    )
    return Field(identifier(plain) or "value", plain[:1].upper() + plain[1:], kind)


def identifier(said: str) -> str:
    """Return a plain name for code and addresses: letters, digits and underscores."""
    folded = unicodedata.normalize("NFKD", said).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[:30]
    return f"value_{name}" if name[:1].isdigit() or name == "id" else name


def function_of(wanted: str) -> str:
    """Return what a function of the site shall do ("counts the words of a text"), "" where it needs none."""
    plain = _BACKS.sub("", wanted)
    found = _DOES.search(plain)
    if not found or _NOT_A_FUNCTION.match(found["rest"]):
        return ""
    return found["rest"].strip(" ,")
