def count_words(text: str) -> int:
    """Counts words."""
    return len(text.split())
