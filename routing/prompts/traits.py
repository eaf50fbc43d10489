"""What is kept of a prompt: plain numbers and hashed grams, small enough to store beside each decision; no text."""

import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.prompts.grams import Buckets, grams, words_of
from routing.prompts.plain import NAMES, plain

VERSION = 1
READ_CHARACTERS = 6_000  # of a longer prompt this much of the beginning is read ...
READ_AT_END = 2_000  # ... and this much of the end, where the question often stands
MOST_GRAMS = 1_024  # of each of the three sorts
HEADER = struct.Struct("<BBHHH")  # version, plain numbers, words, pairs, parts


class TraitsError(ValueError):
    """These bytes are no traits of this version: compute them anew from the prompt, or leave the row out."""


@dataclass(frozen=True, slots=True)
class Traits:
    """A prompt as arrays in bytes (little-endian): `plain` float32, the others ascending distinct uint16 hashes."""

    plain: bytes
    words: bytes
    pairs: bytes
    parts: bytes

    @property
    def numbers(self) -> NDArray[np.float32]:
        """One finite number for each of `plain.NAMES`."""
        return np.frombuffer(self.plain, "<f4")

    @property
    def hashes(self) -> tuple[Buckets, Buckets, Buckets]:
        """Words, pairs of words and parts of words."""
        words, pairs, parts = (np.frombuffer(each, "<u2") for each in (self.words, self.pairs, self.parts))
        return words, pairs, parts

    def to_bytes(self) -> bytes:
        """Everything, at most 6.4 kB; `from_bytes` gives an equal value back."""
        sizes = (len(self.plain) // 4, *(len(each) // 2 for each in (self.words, self.pairs, self.parts)))
        return HEADER.pack(VERSION, *sizes) + self.plain + self.words + self.pairs + self.parts

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Raise TraitsError for what `to_bytes` of this version has not written."""
        if len(stored) < HEADER.size:
            raise TraitsError(f"{len(stored)} bytes")
        version, numbers, *counts = HEADER.unpack_from(stored)
        lengths = (4 * numbers, *(2 * count for count in counts))
        if (version, numbers) != (VERSION, len(NAMES)) or HEADER.size + sum(lengths) != len(stored):
            raise TraitsError(f"version {version}, {len(stored)} bytes")
        fields, start = [], HEADER.size
        for length in lengths:
            fields.append(bytes(stored[start : start + length]))
            start += length
        return cls(*fields)


def traits(prompt: str) -> Traits:
    """Read a prompt, at most `READ_CHARACTERS` and `READ_AT_END` of it; the same for the same prompt everywhere."""
    text = prompt
    if len(prompt) > READ_CHARACTERS + READ_AT_END:
        text = f"{prompt[:READ_CHARACTERS]}\n{prompt[-READ_AT_END:]}"
    text = text.encode("utf-8", "replace").decode()  # lone surrogates have no bytes to hash
    words = words_of(text)
    numbers = np.array(plain(text, words, characters=len(prompt)), "<f4")
    return Traits(
        numbers.tobytes(), *(each.astype("<u2").tobytes() for each in grams(words, most=MOST_GRAMS))
    )
