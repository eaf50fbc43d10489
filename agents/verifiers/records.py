"""Check what was said against what was seen: numbers, and the files that are named."""

import re
from collections.abc import Collection, Iterator

from agents.contract import Evidence
from agents.text.reckoning import Seen, unfounded
from agents.verifiers import weights
from agents.verifiers.finding import finding

MOST_NAMED = 12
_ENDINGS = "py|pyi|md|txt|rst|json|toml|yaml|yml|csv|tsv|js|mjs|ts|tsx|jsx|html|css|sql|sh|cfg|ini|lock|rs|go|java|rb|php|c|h|cpp|ipynb|xml"
_PATH = re.compile(rf"(?<![\w/.@-])(?:[\w@.-]+/)*[\w@-][\w@.-]*\.(?:{_ENDINGS})(?![\w/-])")
_ADDRESS = re.compile(r"https?://\S+")
_PRODUCT = re.compile(r"[A-Z]\w*\.js")  # Node.js


def reckoned(answer: str, seen: Seen) -> Evidence:
    """Whether every number of an answer was seen, or follows from what was seen in one step."""
    strange = unfounded(answer, seen)
    detail = (
        f"in neither the records nor one step from them: {', '.join(strange[:MOST_NAMED])}" if strange else ""
    )
    return finding(
        "every number comes from what was seen", passed=not strange, weight=weights.FAITHFUL, detail=detail
    )


def paths_there(answer: str, seen: Seen, *, new: Collection[str] = ()) -> Evidence:
    """Whether every file that an answer names was seen; `new` are those that it proposes itself."""
    strange = sorted({one for one in _paths(answer) if one not in new and not _stands(one, seen.text)})
    detail = f"never seen: {', '.join(strange[:MOST_NAMED])}" if strange else ""
    return finding("the files it names are there", passed=not strange, weight=weights.TRACED, detail=detail)


def _paths(text: str) -> Iterator[str]:
    for match in _PATH.finditer(_ADDRESS.sub(" ", text)):
        if not _PRODUCT.fullmatch(match[0]):
            yield match[0].removeprefix("./")


def _stands(path: str, text: str) -> bool:
    """Tell whether a path stands in a text, whole or as the end of a longer one."""
    return bool(re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w-])", text))
