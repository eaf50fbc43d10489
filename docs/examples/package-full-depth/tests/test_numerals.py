import pytest

from romans.numerals import to_number


@pytest.mark.parametrize(("roman", "number"), [("I", 1), ("IV", 4), ("XIV", 14), ("MCMXCIV", 1994), ("VI", 6)])
def test_numerals(roman: str, number: int) -> None:
    assert to_number(roman) == number


@pytest.mark.parametrize("wrong", ["", "A", "iv"])
def test_what_is_none(wrong: str) -> None:
    with pytest.raises(ValueError):
        to_number(wrong)
