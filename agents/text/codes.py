"""Words that mix letters and digits: names of models, ids, versions; pure."""

import re

_MIXED = re.compile(r"[\w@][\w@.:/+-]*[\w@]")
_QUANTITY = re.compile(r"\d[\d.,]*-?[a-z]{1,12}", re.IGNORECASE)  # 200ms, 5-minute, 3rd
_PERCENTILE = re.compile(r"p\d\d", re.IGNORECASE)
_JOINTS = re.compile(r"[.:/]")
_PLAIN = re.compile(r"[^a-z0-9]")


def without_codes(text: str, source: str) -> tuple[str, list[str]]:
    """Return a text without such words, and those of them that a source does not hold.

    How they are joined does not matter (SHA-256, sha256). A number with its unit is none, and stays.
    """
    known = _codes(source)
    strange: list[str] = []

    def judged(match: re.Match[str]) -> str:
        word = match[0]
        if not _is_mixed(word):
            return word
        if _plain(word) in known or _stands(word, source) or _PERCENTILE.fullmatch(word):
            return " "
        if _QUANTITY.fullmatch(word):
            return word
        strange.append(word)
        return " "

    return _MIXED.sub(judged, text), strange


def _codes(source: str) -> set[str]:
    found = [match[0] for match in _MIXED.finditer(source) if _is_mixed(match[0])]
    return {_plain(part) for word in found for part in (word, *_JOINTS.split(word)) if _is_mixed(part)}


def _is_mixed(word: str) -> bool:
    return any(map(str.isalpha, word)) and any(map(str.isdigit, word))


def _plain(word: str) -> str:
    return _PLAIN.sub("", word.lower())


def _stands(word: str, source: str) -> bool:
    return bool(re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", source, re.IGNORECASE))
