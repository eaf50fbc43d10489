"""Traits of a prompt: small, exact, the same everywhere, and without its text."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.prompts.plain import NAMES
from routing.prompts.traits import Traits, TraitsError, traits

QUESTION = "Which of these is NOT a prime number?\nA. 2\nB. 91\nC. 7\nD. 13\nAnswer:"


def number(prompt: str, name: str) -> float:
    return float(traits(prompt).numbers[NAMES.index(name)])


def test_it_reads_a_prompt():
    """A question with four options is told apart from one without, and both have words, pairs and parts."""
    assert number(QUESTION, "options") > 0 == number("Which of these is a prime number?", "options")
    assert number(QUESTION, "negations") > number(QUESTION.replace("NOT ", ""), "negations")
    assert all(len(hashes) for hashes in traits(QUESTION).hashes)


def test_it_survives_storage():
    """What is stored and read again is equal, and so are its bytes."""
    found = traits(QUESTION)
    assert Traits.from_bytes(found.to_bytes()) == found
    assert Traits.from_bytes(found.to_bytes()).to_bytes() == found.to_bytes()


def test_it_is_the_same_in_another_process():
    """A second interpreter with its own hash seed gives the same bytes."""
    code = f"from routing.prompts.traits import traits; print(traits({QUESTION!r}).to_bytes().hex())"
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": "77"}
    )
    assert told.stdout.strip() == traits(QUESTION).to_bytes().hex()


def test_it_keeps_no_text():
    """No word of the prompt stands in what is stored."""
    stored = traits("the password of the vault is xylophone").to_bytes()
    assert not any(word in stored for word in (b"password", b"vault", b"xylophone", b"xylo"))


def test_it_is_bounded():
    """A prompt of two million characters gives no more bytes than fit beside a decision, and its length is known."""
    long = " ".join(f"word{number}x{number * 7}" for number in range(120_000))
    found = traits(long)
    assert len(found.to_bytes()) < 6_500
    assert number(long, "characters") > number(long[:8_000], "characters")


def test_it_reads_the_end_of_long_prompts():
    """Of a long prompt the last words count, those in the middle do not."""
    filler = "lorem ipsum " * 2_000
    assert traits(filler + "integrate this") != traits(filler + "translate this")
    assert traits(f"{filler}alpha {filler}") == traits(f"{filler}gamma {filler}")


@given(st.text())
def test_it_takes_any_text(prompt):
    """Whatever the characters: finite numbers, one for each name, and an exact way to storage and back."""
    found = traits(prompt)
    assert len(found.numbers) == len(NAMES)
    assert all(abs(each) < 1e6 for each in found.numbers)
    assert Traits.from_bytes(found.to_bytes()) == found


@pytest.mark.parametrize("prompt", ["", " \n", "\ud800", "²³ ٣٤", "١٢", "\x00", "😀" * 9_000, "1" * 50_000])
def test_it_takes_odd_prompts(prompt):
    """Nothing, lone surrogates, other digits, one endless word: traits all the same."""
    assert Traits.from_bytes(traits(prompt).to_bytes()) == traits(prompt)


@given(st.binary(max_size=400))
def test_it_refuses_other_bytes(stored):
    """Bytes that it has not written are refused, not misread."""
    with pytest.raises(TraitsError):
        Traits.from_bytes(stored)


def test_it_refuses_a_cut_value():
    """A stored value that lost its last byte is refused."""
    with pytest.raises(TraitsError):
        Traits.from_bytes(traits(QUESTION).to_bytes()[:-1])
