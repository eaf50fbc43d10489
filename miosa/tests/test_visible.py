"""What deceives the eye is written out: in what people approve, and on a terminal."""

import io

import pytest
from rich.console import Console

from deployments import questions
from deployments.models import Approval
from miosa.demo.progress import Progress
from miosa.pages.visible import visible, visible_in

TURNED = "pay \u202e000,1"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\u0645\u0631\u062d\u0628\u0627 caf\u00e9 \U0001f469\u200d\U0001f680", "\u0645\u0631\u062d\u0628\u0627 caf\u00e9 \U0001f469\u200d\U0001f680"),
        (TURNED, "pay \\u202e000,1"),
        ("\x1b[2Jgone\r", "\\u001b[2Jgone\\u000d"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
    ],
)  # fmt: skip
def test_hidden_letters_are_written_out(text, seen):
    """Scripts, marks and emoji of people stay as they are."""
    assert visible(text) == seen
    assert visible_in({text: [text, 1, None]}) == {seen: [seen, 1, None]}


def test_a_question_hides_nothing():
    """Neither its sentence nor a member of its effect; what is approved stays what it is."""
    row = Approval(kind="tool.use", effect={"tool": TURNED, "arguments": {"to": TURNED}})
    assert "\u202e" not in questions.told(row)
    assert dict(questions.laid_out(row))["arguments"] == {"to": "pay \\u202e000,1"}
    assert row.effect["tool"] == TURNED


def test_an_agents_words_move_no_cursor():
    """What a model wrote is put on the terminal as text."""
    out = io.StringIO()
    with Progress(Console(file=out, force_terminal=False)) as progress:
        progress.take("note", {"step": "a", "agent": "analysis", "text": "\x1b[2Jall is well"})
    assert "\x1b" not in out.getvalue()
    assert "\\u001b[2Jall is well" in out.getvalue()
