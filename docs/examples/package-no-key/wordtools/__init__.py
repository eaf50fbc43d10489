"""It counts words."""

from wordtools.count_words import count_words

__all__ = ["count_words"]
