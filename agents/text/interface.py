"""Read from a request what a function shall be called, take and give, and which examples it names."""

import ast
import builtins
import keyword
import re
from dataclasses import dataclass

from agents.text.vocabulary import vocabulary
from agents.text.words import STOPWORDS, words

_NAMED = re.compile(
    r"\b(?:function|method|def|write|implement|define|create|code|build)\s+(?:called\s+|named\s+)?`?([A-Za-z_]\w*)`?\s*\(([^)\n]*)\)`?"
    r"(?:\s*->\s*((?:\w+\.)?\w+(?:\[[\w\[\], |.]*\])?))?",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\b(?:called|named)\s+[`'\"]?([A-Za-z_]\w*)")
_CALL = re.compile(r"`?\b([a-z_]\w*)\(([^()\n]*)\)`?")
_SHOWN = re.compile(
    r"(?P<call>\b[A-Za-z_]\w*\((?:[^()\n]|\([^()\n]*\))*\))`?\s*(?:->|=>|==|→|returns?|gives?|is|should (?:return|be|give)|must (?:return|be)|becomes?|yields?)\s*"
    r"(?P<value>\[[^\n]*?\]|\{[^\n]*?\}|\([^\n]*?\)|'[^'\n]*'|\"[^\"\n]*\"|-?\d+(?:\.\d+)?|True|False|None)"
)
_DOCTEST = re.compile(r">>>\s*(?P<call>[^\n]+)\n(?P<value>[^\n>]+)")
_ARROW = re.compile(
    r"(?<![\w)])(?P<given>\[[^\n]*?\]|\{[^\n]*?\}|'[^'\n]*'|\"[^\"\n]*\"|-?\d+(?:\.\d+)?)\s*(?:->|=>|→|becomes?|gives?)\s*"
    r"(?P<value>\[[^\n]*?\]|\{[^\n]*?\}|'[^'\n]*'|\"[^\"\n]*\"|-?\d+(?:\.\d+)?|True|False|None)"
)
_TO_DO = re.compile(
    r"(?:\b(?:function|script|method|code|program|snippet|one-liner|tool)\b(?:\s+(?:in|using|for)\s+[A-Z]\w+)?(?:\s+(?:called|named)\s+\S+)?|\)`?(?:\s*->\s*\S+)?)"
    r"\s*(?:,?\s*(?:that|which|to|who)\s+|for\s+)"
    r"(?P<rest>[^.;:\n]+)",
    re.IGNORECASE,
)
_SKIP = STOPWORDS | vocabulary(
    "given whether takes take returns return whose every python often each two one into"
)
_SETTING = vocabulary("list text string sentence value function")  # where it works, not what it does
# What a noun of the request says about a parameter. The first that occurs names it.
_PARAMETERS: tuple[tuple[str, str, str], ...] = (
    (r"nested list|list of lists|matrix", "items", "list"),
    (r"list of (?:words|strings|names)", "words", "list[str]"),
    (r"list of (?:numbers|integers|ints|floats)|numbers|integers", "numbers", "list"),
    (r"lists?|arrays?|elements|items|duplicates", "items", "list"),
    (r"fahrenheit (?:to|into|in)", "fahrenheit", "float"),
    (r"celsius", "celsius", "float"),
    (r"fahrenheit", "fahrenheit", "float"),
    (r"dict\w*|mapping|json", "data", "dict"),
    (
        r"text|string|sentence|words?|vowels?|palindrome|letters?|characters?|lines?|paragraph|e-?mail|password|url",
        "text",
        "str",
    ),
    (r"year", "year", "int"),
    (r"factorial|fibonacci|primes?|integer|number|digits?|\bn\b", "n", "int"),
)
_RESULTS: tuple[tuple[str, str], ...] = (
    (r"how often|frequenc\w+|counts? of each|counts? (?:each|every)|dict\w*|mapping|group", "dict"),
    (
        r"^(?:checks?|tests?|tells?|validates?|verif\w+|is|determines?|decides?|detects?)\b|\bwhether\b|\bif (?:a|the|it)\b|true|palindrome",
        "bool",
    ),
    (
        r"^(?:returns? |computes? |calculates? |finds? )?(?:the )?(?:counts?|sums?|adds?|total)\b|number of|how many|length of|factorial|digits sum",
        "int",
    ),
    (r"average|mean|median|celsius|fahrenheit|percent\w*|area", "float"),
    (
        r"longest word|shortest word|revers\w+ (?:a |the |its )?(?:string|text|word|sentence)|upper|lower|capital\w+|slug|camel|snake|spaces|initials",
        "str",
    ),
    (
        r"revers\w+ (?:a |the |its )?(?:list|array)|duplicates|\bsort\w*|flatten\w*|first n|list of|filter\w*|primes up to|split\w*|unique",
        "list",
    ),
)
_OBJECT_ENDS = re.compile(r"(?<=\w\w)\s+(?:and|from|of|in|on|using|by|for|without|while|ignoring)\s+|,")
Annotations = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Example:
    """A call and the value the request says it has, both as Python source."""

    call: str
    value: str


@dataclass(frozen=True)
class Interface:
    """The function asked for; `named` where the request itself names it. `returns` is "" where nothing tells."""

    name: str
    parameters: Annotations
    returns: str
    does: str
    named: bool
    examples: tuple[Example, ...] = ()

    @property
    def head(self) -> str:
        """The first line of the function."""
        told = ", ".join(f"{name}: {kind}" if kind else name for name, kind in self.parameters)
        return f"def {self.name}({told}){f' -> {self.returns}' if self.returns else ''}:"


def interface(wanted: str) -> Interface:
    """Read the interface of the one function a request is about."""
    does = _does(wanted)
    named = _NAMED.search(wanted)
    name = (named and named[1]) or _name_only(wanted)
    told = _told(named[2]) if named else ()
    returns = ((named and named[3]) or "").strip() or _returns(does)
    own = name or function_name(does)
    parameters = told or _from_call(own, wanted) or _guess(f"{named[2]} {does}" if named else does)
    return Interface(own, parameters, returns, does, bool(name), examples(wanted, own))


def _does(wanted: str) -> str:
    """Return what the function shall do, in the request's words."""
    match = _TO_DO.search(wanted)
    rest = match["rest"] if match else wanted
    rest = re.split(
        r",?\s+(?:with|including|and (?:write|add|include)) (?:a |an |its |some |the )?(?:unit )?tests?\b",
        rest,
    )[0]
    rest = re.split(r",?\s+(?:e\.g\.?|e$|for example|such as|so that)", rest)[0]
    return re.sub(r"\s+", " ", rest).strip(" ,`") or wanted


def _name_only(wanted: str) -> str:
    called = _CALLED.search(wanted)
    if called and not keyword.iskeyword(called[1]):
        return called[1]
    return next((match[1] for match in _CALL.finditer(wanted) if "_" in match[1]), "")


def _told(inside: str) -> Annotations:
    """Read "a: int, b=2" as ((a, int), (b, "")); anything unusual gives nothing."""
    try:
        tree = ast.parse(f"def f({inside}): ...")
    except SyntaxError:
        return ()
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return tuple(
        (a.arg, ast.unparse(a.annotation) if a.annotation else _type_of(a.arg)) for a in function.args.args
    )


def _type_of(name: str) -> str:
    return next(
        (kind for pattern, known, kind in _PARAMETERS if known == name or re.fullmatch(pattern, name)), ""
    )


def _from_call(name: str, wanted: str) -> Annotations:
    """Take the number and kinds of parameters from the first example call of the function."""
    for match in _CALL.finditer(wanted):
        if match[1] == name:
            values = _literals(match[2])
            if values:
                return tuple(
                    (f"value{n or ''}" if len(values) > 1 else "value", type(v).__name__)
                    for n, v in enumerate(values)
                )
    return ()


def _literals(inside: str) -> tuple[object, ...]:
    try:
        found = ast.literal_eval(f"({inside},)")
    except (ValueError, SyntaxError):
        return ()
    return () if Ellipsis in found else tuple(found)


def _guess(does: str) -> Annotations:
    two = re.search(r"\b(?:two|both|a and b|one .+ (?:and|with) another)\b", does, re.IGNORECASE)
    for pattern, name, kind in _PARAMETERS:
        if re.search(rf"\b(?:{pattern})\b", does, re.IGNORECASE):
            each = "int" if name == "numbers" and not re.search(r"\blists?\b", does) else kind
            return (("a", each), ("b", each)) if two else ((name, kind),)
    return (("a", ""), ("b", "")) if two else (("value", ""),)


def _returns(does: str) -> str:
    return next((kind for pattern, kind in _RESULTS if re.search(pattern, does, re.IGNORECASE)), "")


def function_name(does: str) -> str:
    """Return a snake_case name from what a function does: "counts its words" is count_words."""
    plain = re.sub(r"\bthe (?:total )?number of\b", "", does)  # "counts the number of lines" counts lines
    said = [word.lower() for word in words(_OBJECT_ENDS.split(plain, maxsplit=1)[0]) if word.isascii()]
    meant = [word for word in said if word not in _SKIP and not word[0].isdigit()][:4]
    if not meant:
        return "solve"
    objects = [word for word in meant[1:] if word not in _SETTING][:2] or meant[1:2]
    name = re.sub(r"\W", "_", "_".join([_infinitive(meant[0]), *objects]))
    return f"{name}_of" if keyword.iskeyword(name) or hasattr(builtins, name) else name


def _infinitive(verb: str) -> str:
    for ending, put in (
        ("ies", "y"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("sses", "ss"),
        ("xes", "x"),
        ("uting", "ute"),
    ):
        if verb.endswith(ending):
            return verb[: -len(ending)] + put
    return verb[:-1] if verb.endswith("s") and not verb.endswith("ss") else verb


def examples(wanted: str, name: str) -> tuple[Example, ...]:
    """Return the examples a request gives, as calls of `name`: `f(2) == 4`, doctests, "abc" -> "cba"."""
    found = [
        Example(m["call"].strip(), m["value"].strip())
        for m in (*_DOCTEST.finditer(wanted), *_SHOWN.finditer(wanted))
    ]
    if not found:
        found = [Example(f"{name}({m['given']})", m["value"]) for m in _ARROW.finditer(wanted)]
    kept = [one for one in found if _usable(one)]
    return tuple(dict.fromkeys(Example(re.sub(r"^\w+", name, one.call), one.value) for one in kept))[:8]


def _usable(example: Example) -> bool:
    try:
        ast.literal_eval(example.value)
        call = ast.parse(example.call, mode="eval").body
        return isinstance(call, ast.Call) and all(
            ast.literal_eval(argument) is not Ellipsis for argument in call.args
        )
    except (ValueError, SyntaxError):
        return False
