"""Whether a request asks for a site, whether it shall go online, and which kind of site it names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SITE_NOUNS = (
    r"site web|pages? web|página web|sitio web|web ?seiten?|"
    r"web ?pages?|landing pages?|home ?pages?|pages?|web ?sites?|sites?|web ?apps?|web applications?|apps?|applications?|"
    r"(?:rest|http|json|web) apis?|apis?|endpoints?|micro-?services?|web ?services?|services?|servers?|dashboards?|portfolios?|"
    r"blogs?|guest ?books?|web ?shops?|trackers?|wikis?|online tools?|seiten?|página|sitio"
)
_SITE = re.compile(rf"\b(?:{SITE_NOUNS})\b", re.IGNORECASE)
_PAGE = re.compile(
    r"\b(?:(?:web|landing|home|html) ?pages?|web ?sites?|web ?apps?|web applications?|static sites?|web ?seiten?|site web|página web|sitio web)\b",
    re.IGNORECASE,
)
_MAKES = re.compile(
    r"\b(?:build|make|create|write|design|develop|generate|give me|set up|put together|(?:i|we) (?:want|need|would like)|(?:i|we)['’]d like|"
    r"(?:ship|deploy|publish|host|launch)(?= (?:an?|some|one)\b)|"
    r"implement|code|program|prepare|baue?|erstell\w*|mach\w*|cré\w+|fais|crea|haz)\b",
    re.IGNORECASE,
)
_ONLINE = re.compile(
    r"\b(?:deploy|publish|ship|host|release|launch)(?:ed|es|s)?\s+(?:it|this|that|them|the result|the (?:page|site|app|api|service))\b|"
    r"\b(?:put|bring|get|make|take|go|goes|going)\b[^.;]{0,40}\b(?:online|live)\b|"
    r"\b(?:give|send|tell|show|return)\s+(?:me|us)\s+(?:the|a|its)\s+(?:url|link|address)\b|"
    r"\b(?:deploy|publish|host)\s+(?:an?|one|some)\b|\bund (?:veröffentlich\w+|stell\w* .{0,20} online)|\bpublie-l[ea]\b|\bpublícal[ao]\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:my|our|this|the existing|the current)\s+(?:\w+\s+){0,2}(?:apps?|applications?|services?|sites?|code)\b", re.IGNORECASE)  # fmt: skip


# What is asked for instead where it stands before the site's noun: an essay about pages, a logo for a site.
_INSTEAD = re.compile(
    r"\b(?:essay|article|poem|story|text|letter|e-?mail|post|tweet|name|slogan|logo|icon|banner|picture|docker ?file|compose file|"
    r"pipeline|workflow|function|class|script|tests?|docs|documentation|readme|tutorial|architecture|diagram|schema|model|plan|"
    r"road ?map|strategy|proposal|review|summary|translation|list of (?:ideas|questions|names))s?\b"
    r"(?=[^.;\n]{0,80}?\b(?:about|for|of|that|which|to|into|on|in|from|with)\b)",
    re.IGNORECASE,
)
_TALKS = re.compile(
    r"^\W*(?:please\s+)?(?:translate|summari[sz]e|explain|describe|compare|review|analy[sz]e|what|why|how|which|who|when|where|is|are|does|do)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“«][^\"”»\n]{1,400}[\"”»]")


@dataclass(frozen=True)
class Chosen:
    """A template's name and, in words, why it was chosen."""

    template: str
    why: str


_NAMED: Mapping[str, str] = {
    "fastapi": r"fast ?api|starlette|uvicorn",
    "django": r"django",
    "flask": r"flask",
    "node": r"node(?:\.?js)?|express(?:\.?js)?|javascript|typescript|deno|bun",
    "static": r"static|plain html|html only|without (?:a )?(?:server|backend|python)",
}


def asks_for_site(request: str) -> bool:
    """Return whether a request asks for something that is looked at or called over the web, to be made anew."""
    plain = _QUOTED.sub(" ", request)
    site, instead = _SITE.search(plain), _INSTEAD.search(plain)
    if site is None or _TALKS.match(plain) or not _MAKES.search(plain):
        return False
    return instead is None or instead.start() > site.start()


def asks_for_page(request: str) -> bool:
    """Return whether it names a web page or a web site itself, so that there is no doubt."""
    return bool(_PAGE.search(request)) and bool(_MAKES.search(request))


def asks_to_go_online(request: str) -> bool:
    """Return whether the words ask for what is made to be put online."""
    return bool(_ONLINE.search(request)) and not (_OWN.search(request) and not _MAKES.search(request))


def template_of(wanted: str, *, records: bool, function: bool) -> Chosen:
    """Return the kind of site: the one the words name, else what fits what it does."""
    named = [(name, found[0]) for name, pattern in _NAMED.items() if (found := _word(pattern, wanted))]
    if named:
        name, said = named[0]
        return _fitting(name, said, records=records, function=function)
    if not records and not function:
        return Chosen("static", "it only shows something, and a page needs no process for that")
    if _word(r"(?:rest |http |json |web )?apis?|endpoints?|micro-?services?", wanted):
        return Chosen("fastapi", "an API was asked for and no framework was named")
    return Chosen("flask", "it takes input and no framework was named")


def _fitting(name: str, said: str, *, records: bool, function: bool) -> Chosen:
    if name == "static" and (records or function):
        return Chosen("flask", f"“{said}” was asked for, but what it does needs a process")
    if name == "node" and function:
        return Chosen("flask", f"“{said}” was asked for, but functions are written and tested in Python here")
    return Chosen(name, f"the word “{said}”")


def _word(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE)
