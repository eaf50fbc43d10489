"""Which agents a kind of order needs, in which order: the intents, their words and their chains, as one table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agents.text.request import COMMANDS, Kind, bare
from agents.text.vocabulary import vocabulary
from agents.text.words import words


@dataclass(frozen=True)
class Intent:
    """What a clause is after; `verbs` alone decide, `topics` decide where the verb says little.

    `small` is the chain for one question, function or page; `full` the one for a system.
    """

    name: str
    small: tuple[str, ...]
    full: tuple[str, ...]
    verbs: frozenset[str]
    topics: re.Pattern[str]


def _intent(name: str, small: str, full: str, *, verbs: str, topics: str) -> Intent:
    pattern = re.compile(rf"\b(?:{topics})\b", re.IGNORECASE)
    return Intent(
        name, tuple(small.split()), tuple((full or small).split()), frozenset(verbs.split()), pattern
    )


# Read from top to bottom: the first whose verb opens the clause wins; where the verb decides nothing
# ("write", "create", "check"), the first whose topics occur. Each full chain is the one of its intent
# in the product's definition; the small ones leave out who would have nothing to do.
INTENTS: tuple[Intent, ...] = (
    _intent(
        "whole product",
        "strategy analysis architect development quality monitoring deployment recommender",
        "",
        verbs="launch",
        topics=r"from idea to production|end[- ]to[- ]end product|whole product|full run|from scratch to production",
    ),
    _intent(
        "review",
        "quality",
        "",
        verbs="review audit inspect",
        topics=r"code review|security scan|bugs? in|(?:this|the|my) (?:code|function|script|module|class)",
    ),
    _intent(
        "ship",
        "analysis deployment monitoring",
        "",
        verbs="deploy release ship publish containerise containerize",
        topics=r"docker\w*|ci/?cd|compose file|deploy\w*|deployment pipeline|kubernetes|release pipeline|github actions|roll ?out",
    ),
    _intent(
        "models",
        "ai_providers",
        "",
        verbs="",
        topics=r"(?:which|what|best|cheapest|fastest) (?:\w+ ){0,2}(?:model|llm|provider)s?|llms?|language models?|fall ?backs?|"
        r"(?:model|ai|llm) (?:providers?|routing|choice|costs?|caching)|token (?:costs?|prices?)|groq|moonshot|kimi",
    ),
    _intent(
        "recommend",
        "recommender",
        "",
        verbs="",
        topics=r"(?:our|the|my|which) agents?|past (?:runs|executions)|agent performance|our (?:prompts|usage|workflow)|"
        r"what (?:should|can|could) (?:\w+ ){0,2}improve",
    ),
    _intent(
        "watch",
        "monitoring",
        "",
        verbs="monitor watch",
        topics=r"health(?:y)?|uptime|latenc(?:y|ies)|error rates?|failure rate|failed|alerts?|slow today|status of (?:the|our)|"
        r"recent (?:executions|errors|runs)|how is the (?:system|platform|service)",
    ),
    _intent(
        "connect",
        "integration quality",
        "analysis integration quality",
        verbs="integrate connect sync synchronise synchronize call",
        topics=r"webhooks?|oauth\w*|api client|https?://\S+|(?:call|calls|to) the \w+ api|third[- ]party|(?:slack|stripe|github) (?:api|hook)",
    ),
    _intent(
        "change code",
        "development quality",
        "",
        verbs="refactor debug port migrate",
        topics=r"(?:this|the|my) (?:code|function|script|module|class|bug)|traceback|stack ?trace",
    ),
    _intent("plan", "analysis strategy", "analysis strategy architect", verbs="plan schedule roadmap", topics=
        r"road ?maps?|milestones?|phases?|project plan|rollout plan|strateg\w+|timeline|launch plan"),
    _intent(
        "design",
        "analysis architect",
        "analysis strategy architect",
        verbs="design sketch model",
        topics=r"architecture|data model|(?:database|db) schema|schema|components?|api design|tech stack|er diagram|system design",
    ),
    _intent(
        "build",
        "analysis development quality",
        "analysis architect development quality",
        verbs="build implement develop code program automate",
        topics=r"functions?|scripts?|class(?:es)?|code|programs?|modules?|methods?|regex\w*|sql|quer(?:y|ies)|cli|librar(?:y|ies)|"
        r"algorithms?|unit tests?|tests?|decorators?|apps?|applications?|web ?sites?|back ?ends?|front ?ends?|apis?|bots?|"
        r"parsers?|scrapers?|games?|python|javascript|html|dashboards?|services?|tool",
    ),
    _intent(
        "analyse",
        "analysis",
        "analysis strategy architect",
        verbs="analyse analyze assess evaluate investigate estimate forecast diagnose",
        topics=r"requirements?|feasib\w+|risks?|dependenc(?:y|ies)|constraints?|trade-?offs?|impact|user stor(?:y|ies)|key (?:figures|facts)",
    ),
    _intent(
        "explain",
        "communication",
        "",
        verbs="explain describe summarise summarize summarizing translate rewrite rephrase paraphrase simplify answer tell"
        " condense define say judge read name compare outline brainstorm draft compose correct shorten proofread",
        topics=r"e-?mails?|letters?|poems?|stor(?:y|ies)|essays?|posts?|articles?|paragraphs?|announcements?|messages?|"
        r"summar\w+|blog|tweet|slogan|titles?|captions?|speech|newsletter|recipes?|jokes?|texts?|words?|names?",
    ),
)  # fmt: skip
# What is made to go online: written, reviewed by somebody else, released and deployed.
SITE_CHAIN = ("analysis", "development", "quality", "deployment")
MAKING = frozenset({"build", "ship", "whole product", "change code"})  # intents that make or ship something
DEFAULT_CHAIN = ("analysis", "architect", "development", "quality")
# Who goes on where nothing else is planned; analysis decides by what it found (see its own file).
NEXT_AGENT: Mapping[str, str] = {
    "strategy": "analysis",
    "architect": "development",
    "development": "quality",
    "quality": "deployment",
    "deployment": "monitoring",
}
_BY_NAME: Mapping[str, Intent] = {intent.name: intent for intent in INTENTS}
_QUESTION = re.compile(
    r"^(?:what|why|how|who|whom|whose|when|where|which|is|are|do|does|did|can|could|should|would|will|may)\b",
    re.IGNORECASE,
)
_SYSTEM = re.compile(
    r"\b(?:apps?|applications?|systems?|platforms?|web ?sites?|web ?shops?|shops?|stores?|services?|micro-?services?|"
    r"rest api|apis?|back ?ends?|front ?ends?|databases?|products?|market ?places?|dashboards?|portals?|saas|engine|crm|erp)\b",
    re.IGNORECASE,
)
_ONE_PIECE = re.compile(
    r"\b(?:functions?|script|method|one-liner|regex\w*|snippet|decorator|query|class)\b", re.IGNORECASE
)
LARGE_FROM_WORDS = 30  # an order this long names more than one piece


def intent_of(clause: str, *, kind: Kind = "") -> tuple[Intent | None, str]:
    """Return what a clause is after and why; (None, "") where its words do not tell."""
    plain = bare(clause)
    first = next((word.lower() for word in words(plain)[:1]), "")
    if kind == "code" and first in _ON_CODE:
        return _BY_NAME["change code"], f"the word '{first}' before code"
    if kind == "text" and first in _ON_PROSE:
        return _BY_NAME["explain"], f"the word '{first}' before a text"
    if first in COMMANDS:
        for intent in INTENTS:
            if first in intent.verbs:
                return intent, f"the word '{first}'"
    return _by_topic(plain, first)


def _by_topic(plain: str, first: str) -> tuple[Intent | None, str]:
    asks = bool(_QUESTION.match(plain)) or first not in COMMANDS
    for intent in INTENTS:
        if asks and intent.name in _ORDERS_ONLY:
            continue  # "What is a function?" asks for words, not for code
        match = intent.topics.search(plain)
        if match:
            return intent, f"the words '{match[0].lower()}'"
    return None, ""


_ON_CODE = vocabulary("fix correct improve optimise optimize clean simplify extend update rewrite")
_ON_PROSE = vocabulary("review audit inspect fix correct improve check")
_ORDERS_ONLY = frozenset(
    {
        "review",
        "ship",
        "connect",
        "change code",
        "plan",
        "design",
        "build",
        "analyse",
        "explain",
    }
)


def is_question(clause: str) -> bool:
    """Return whether a clause asks for an answer in words."""
    plain = bare(clause)
    return plain.endswith("?") or bool(_QUESTION.match(plain))


def is_large(wanted: str) -> bool:
    """Return whether what is wanted is a system of parts, not one function, question or page."""
    wanted = re.sub(r"https?://\S+", "", wanted)
    if _ONE_PIECE.search(wanted) and len(words(wanted)) < 2 * LARGE_FROM_WORDS:
        return False
    return bool(_SYSTEM.search(wanted)) or len(words(wanted)) >= LARGE_FROM_WORDS


def chain_of(intent: Intent, wanted: str) -> tuple[str, ...]:
    """Return the intent's chain in the size that `wanted` needs."""
    return intent.full if is_large(wanted) else intent.small
