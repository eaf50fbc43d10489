"""Plain facts of a prompt as numbers: its length, digits, answer options, questions, vocabulary, code."""

from collections.abc import Sequence
from math import log1p

import numpy as np

OPTION_NAMES = frozenset("ABCDEFGHIJabcdefghij123456789")
OPTION_ENDS = frozenset(".):")
FEW_LETTERS = 4  # an option this short is a number, a letter or a yes
LARGE, SMALL = 100, 2  # numbers from and up to which are counted apart
ENDS = frozenset(".?!")
LONGEST_NUMBER = 12  # digits; what is longer is an identifier, not a size

# What a word says about its prompt: the table is the design.
VOCABULARY: dict[str, str] = {
    "negations": "not no never none neither nor without except least cannot isn doesn don false incorrect",
    "conditions": "if then when unless suppose assume given whether provided otherwise would let",
    "quantities": "all every each some any most many few more less half twice total percent per average both only",
    "numerals": "one two three four five six seven eight nine ten dozen hundred thousand million first second third",
    "questions": "what which who whom whose where why how",
    "reasons": "because therefore thus hence since cause causes reason explain prove show imply implies",
    "comparisons": "than best better greater larger largest smaller higher lower equal same different compare true",
    "money": "cost costs price pay paid dollar dollars cents tax income interest rate sell buys bought earn",
    "times": "day days week weeks month year years hour hours minutes ago old age century later before after",
    "measures": "km miles feet inches cm meters kg pounds grams liters degrees speed mass volume area distance",
    "law": "court defendant plaintiff statute law state sued contract liable evidence motion jury act property",
    "people": "he she his her him they their man woman mother father brother sister friend child children boy girl",
    "speakers": "i we my our me us you your",
    "code": "def return print import class function int str list array null void string code python java sql",
    "mathematics": "matrix group ring field polynomial integer prime probability equation graph vector theorem",
    "multiples": "times twice half third quarter double triple",
    "remainders": "remaining left rest total altogether combined each per every",
    "requests": "write create design summarize translate describe give compose implement rewrite generate draft",
}
CHARACTERS: dict[str, str] = {
    "question_marks": "?",
    "commas": ",",
    "stops": ".",
    "colons": ":;",
    "quotes": "\"'",
    "brackets": "()[]",
    "markup": "{}\\$^",
    "operators": "+-*/=<>%",
    "blanks": "_",
    "dollars": "$",
    "percents": "%",
}
# What is asked for and how things compare, where single words do not say it.
PHRASES = ("how many", "how much", "more than", "less than", "fewer than", "as many", "at least", "which of")
NAMES: tuple[str, ...] = (
    "characters", "words", "word_letters", "distinct_share", "longest_word", "lines",
    "capitals", "capitals_share", "beyond_ascii",
    "numbers", "numbers_per_word", "distinct_numbers", "largest_number", "smallest_number", "mean_number",
    "numbers_from_100", "numbers_to_2",
    "sentences", "sentence_words", "longest_sentence",
    "options", "option_letters", "option_spread", "short_options", "numeric_options",
    *CHARACTERS, *PHRASES, *VOCABULARY, *(f"{name}_share" for name in VOCABULARY),
)  # fmt: skip
KINDS: dict[str, list[int]] = {}
for kind, listed in enumerate(VOCABULARY.values()):
    for entry in listed.split():
        KINDS.setdefault(entry, []).append(kind)


def plain(text: str, words: Sequence[str], *, characters: int) -> list[float]:
    """Return one finite number for each of `NAMES`: counts as log(1 + n), shares as they are.

    `text` may be cut short, `words` are its words, numbers and marks in lower case, `characters` is its length
    before it was cut.
    """
    # One pass over the bytes counts every character of the Latin alphabet.
    seen = np.bincount(np.frombuffer(text.encode("latin-1", "ignore"), np.uint8), minlength=256).tolist()
    count, sizes = len(words), [*map(len, words)]
    lowered = text.lower()
    letters, capitals = sum(sizes), sum(seen[65:91])
    return [
        log1p(characters),
        log1p(count),
        letters / max(count, 1),
        len(set(words)) / max(count, 1),
        log1p(max(sizes, default=0)),
        log1p(seen[10]),
        log1p(capitals),
        capitals / (letters + 1),
        0.0 if text.isascii() else 1.0,
        *_numbers(words),
        *_sentences(words),
        *_options(text),
        *(log1p(sum(seen[ord(mark)] for mark in marks)) for marks in CHARACTERS.values()),
        *(log1p(lowered.count(phrase)) for phrase in PHRASES),
        *_kinds(words),
    ]


def _numbers(words: Sequence[str]) -> tuple[float, ...]:
    # What begins with a digit is a number.
    found = [int(word[:LONGEST_NUMBER]) for word in words if "0" <= word < ":"]
    if not found:
        return (0.0,) * 8
    return (
        log1p(len(found)),
        len(found) / (len(words) + 1),
        log1p(len(set(found))),
        log1p(max(found)),
        log1p(min(found)),
        sum(map(log1p, found)) / len(found),
        log1p(sum(number >= LARGE for number in found)),
        log1p(sum(number <= SMALL for number in found)),
    )


def _sentences(words: Sequence[str]) -> tuple[float, float, float]:
    ends = [place for place, word in enumerate(words) if word in ENDS]
    if not ends or ends[-1] < len(words) - 1:
        ends.append(len(words))
    sizes = [end - start for start, end in zip([-1, *ends], ends, strict=False)]
    return log1p(len(sizes)), log1p(sum(sizes) / len(sizes)), log1p(max(sizes))


def _options(text: str) -> tuple[float, float, float, float, float]:
    lines = (line.strip().lstrip("(") for line in text.split("\n"))
    options = [
        line[2:].strip()
        for line in lines
        if line[:1] in OPTION_NAMES and line[1:2] in OPTION_ENDS and line[3:]
    ]
    if not options:
        return 0.0, 0.0, 0.0, 0.0, 0.0
    sizes = [*map(len, options)]
    mean = sum(sizes) / len(sizes)
    spread = (max(sizes) - min(sizes)) / (mean + 1)
    short = sum(size <= FEW_LETTERS for size in sizes) / len(sizes)
    numeric = sum(any(map(str.isdigit, option[:80])) for option in options) / len(sizes)
    return log1p(len(options)), log1p(mean), spread, short, numeric


def _kinds(words: Sequence[str]) -> list[float]:
    counts = [0] * len(VOCABULARY)
    for word in words:
        for kind in KINDS.get(word, ()):
            counts[kind] += 1
    scale = 1 / (len(words) + 1)
    return [*map(log1p, counts), *(count * scale for count in counts)]
