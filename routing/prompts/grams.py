"""A text as sets of hashed words, pairs of words and parts of words; nothing can be read back from them."""

import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Buckets = NDArray[np.uint16]
Hashes = NDArray[np.uint32]

WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
KEPT_WORDS = 1 << 15  # words whose hashes are remembered between prompts
LONGEST_WORD = 24  # letters of a word that are looked at
BEGINNINGS = (3, 4, 5)  # letters of a word that stand for its stem
ENDINGS = (3, 4)  # letters of a word that stand for its form
HASHED = 1 + len(BEGINNINGS) + len(ENDINGS)
HASHES = struct.Struct(f"<{HASHED}I")
SALT = 0x5BD1  # parts are hashed apart from words
MIX, APART, SHIFT = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B), np.uint32(16)
LOW = np.uint32(0xFFFF)


def words_of(text: str) -> list[str]:
    """Words, runs of digits and single marks of `text`, in lower case and in their order."""
    return [word[:LONGEST_WORD] for word in WORD.findall(text.lower())]


@lru_cache(KEPT_WORDS)
def hashed(word: str) -> bytes:
    """The hash of a word, then those of its beginnings and endings, each as a little-endian uint32."""
    parts = [f"{word[:size]}-" for size in BEGINNINGS] + [f"-{word[-size:]}" for size in ENDINGS]
    return HASHES.pack(crc32(word.encode()), *(crc32(part.encode(), SALT) for part in parts))


def grams(words: Sequence[str], *, most: int) -> tuple[Buckets, Buckets, Buckets]:
    """Distinct hashes of words, of pairs (neighbours, and with one word between) and of parts of words.

    Each is ascending and holds at most `most`.
    """
    found = np.frombuffer(b"".join(map(hashed, words)), "<u4").reshape(-1, HASHED)
    one, mixed = found[:, 0], found[:, 0] * MIX
    near = (mixed[:-1] + one[1:]) * MIX
    far = (mixed[:-2] + one[2:]) * APART
    pairs = np.concatenate([near, far]) >> SHIFT
    return _distinct(one & LOW, most), _distinct(pairs, most), _distinct(found[:, 1:].ravel() & LOW, most)


def _distinct(hashes: Hashes, most: int) -> Buckets:
    """Ascending and distinct; of too many an even share is kept, the same for the same set."""
    found = np.sort(hashes.astype(np.uint16))
    if len(found):
        found = found[np.concatenate([[True], found[1:] != found[:-1]])]
    return found if len(found) <= most else found[np.arange(most) * len(found) // most]
