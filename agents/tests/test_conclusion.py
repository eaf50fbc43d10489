"""The conclusion holds every part as it is, names what failed, and adds nothing."""

from agents.conclusion import conclude
from agents.confidence import confidence
from agents.contract import Handover, Task
from agents.tests.bench import Bench, away

REQUEST = "Summarise this text and write a function: The sea is wide."
TALK = Handover("communication", "communication", "", "The sea is wide.", {"notes": []}, confidence=8.0)
CODE = Handover(
    "development",
    "development",
    "",
    "```python\nx = 1\n```",
    {"files": {"x.py": "x = 1\n"}, "notes": ["It runs and passes 2 of 2 tests."]},
    confidence=9.0,
)
PAPER = Handover(
    "analysis", "analysis", "", "**R1** Write it.", {"notes": ["1 requirements."]}, confidence=8.0
)
CHECK = Handover(
    "quality", "quality", "", "**Accepted.**", {"verdict": "accepted", "notes": ["Accepted."]}, confidence=8.0
)


def concluded(*parts, script=away, **options):
    bench = Bench(script, **options)
    return conclude(Task("1", REQUEST, REQUEST), parts, bench), bench


def test_one_part_is_the_answer():
    """Nothing is put around a single answer."""
    result, bench = concluded(TALK)
    assert result.output == "The sea is wide."
    assert result.success
    assert bench.prompts == []


def test_several_parts_stand_under_their_titles():
    """What was asked for comes before the working papers; each part is whole; a small model adds no word."""
    result, bench = concluded(PAPER, TALK, CODE, CHECK)
    heads = [line for line in result.output.splitlines() if line.startswith("## ")]
    assert heads == ["## Answer", "## Code", "## What is required", "## Review"]
    assert all(part.output in result.output for part in (TALK, CODE, PAPER, CHECK))
    assert "- **Code**: It runs and passes 2 of 2 tests." in result.output
    assert result.data["files"] == {"x.py": "x = 1\n"}
    assert result.data["method"] == "assembled"
    assert bench.prompts == []


def test_parts_of_one_kind_are_numbered():
    """Two answers are told apart."""
    result, _ = concluded(TALK, Handover("b", "communication", "", "It is blue.", {"notes": []}))
    assert "## Answer 1" in result.output
    assert "## Answer 2" in result.output


def test_a_part_that_fails_its_checks_is_delivered_and_named():
    """The whole succeeds, the failure stands in front and in the notes, and the confidence falls."""
    weak = Handover(
        "development",
        "development",
        "",
        CODE.output,
        {"notes": ["**This code does not pass its checks**"]},
        success=False,
        confidence=1.0,
    )
    result, _ = concluded(TALK, weak)
    assert result.success
    assert "**This code does not pass its checks**" in result.output
    assert result.data["notes"] == ["development delivered, but not everything passed its checks"]
    assert confidence(0.5, result.evidence) < 5.5


def test_a_missing_part_fails_the_whole():
    """A step that ended in an error, or was skipped, is named; the rest is delivered."""
    gone = Handover("development", "development", "", "no provider left", {}, success=False)
    skipped = Handover("quality", "quality", "", "", {}, success=False)
    result, _ = concluded(TALK, gone, skipped)
    assert not result.success
    assert "development could not do its part: no provider left" in result.error
    assert "a step it needs did not succeed" in result.output
    assert TALK.output in result.output
    nothing, _ = concluded(gone)
    assert "**Not done.**" in nothing.output
    assert not concluded()[0].success


def test_the_confidence_is_that_of_the_parts_asked_for():
    """Working papers do not lift it; parts average in log-odds."""
    one = confidence(0.5, concluded(TALK)[0].evidence)
    assert abs(one - 8.0) < 0.3
    assert confidence(0.5, concluded(TALK, CODE)[0].evidence) > one
    assert confidence(0.5, concluded(TALK, CHECK)[0].evidence) == one
    assert confidence(0.5, concluded(CHECK)[0].evidence) > 7


def test_a_strong_model_tells_the_whole_where_it_keeps_everything():
    """Code word for word, every part covered, no foreign number: taken."""
    told = f"The sea is wide. Here is the code, which runs and passes 2 of 2 tests:\n\n{CODE.output}"
    result, bench = concluded(TALK, CODE, script=told, strong=True)
    assert result.output == told
    assert result.data["method"] == "synthesis"
    assert TALK.output in bench.prompts[0]


def test_a_synthesis_that_drops_or_invents_is_not_shown():
    """Changed code, a forgotten part, an invented number, a hidden failure, no model: the parts stand as they are."""
    weak = Handover("development", "development", "", CODE.output, {"notes": []}, success=False)
    assembled = concluded(TALK, CODE)[0].output
    for bad in (
        "The sea is wide.\n```python\nx = 2\n```",
        f"Bananas.\n{CODE.output}",
        f"The sea is 99 wide.\n{CODE.output}",
        away,
    ):
        assert concluded(TALK, CODE, script=bad, strong=True)[0].output == assembled
    hidden = concluded(TALK, weak, script=f"The sea is wide.\n{CODE.output}", strong=True)[0]
    assert hidden.data["method"] == "assembled"
