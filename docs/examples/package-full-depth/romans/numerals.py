"""Roman numerals."""

VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def to_number(roman: str) -> int:
    """Return the number of a Roman numeral; raises ValueError for other letters."""
    if not roman or set(roman) - set(VALUES):
        raise ValueError(f"{roman!r} is no Roman numeral")
    values = [VALUES[letter] for letter in roman]
    smaller = [one < after for one, after in zip(values, [*values[1:], 0])]
    return sum(-one if before else one for one, before in zip(values, smaller))
