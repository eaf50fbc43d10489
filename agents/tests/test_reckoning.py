"""Numbers of an answer are those that were seen, or follow from them in one step; everything else is named."""

import pytest

from agents.text.dates import without_dates
from agents.text.reckoning import Seen, rows_of, unfounded
from agents.verifiers.records import paths_there, reckoned

ROWS = (
    {"agent": "development", "total": 40, "failed": 10, "tokens": 8_200, "cost_micros": "123456"},
    {"agent": "quality", "total": 20, "failed": 1, "tokens": 900, "cost_micros": "50000"},
)
TEXT = "hashlib.sha256, gpt-oss-120b took 10.0 s at p95, confidence 8.2, by 2026-11-24T10:00:00Z; entry 01a204c5-8351-753a-af22-75928a1c9e28"
SEEN = Seen(TEXT, (ROWS,), '{"sql": "created >= \'2026-11-17\'"}')


@pytest.mark.parametrize(
    "said",
    [
        "development failed 10 of 40 times",
        "both ran 60 times and failed 11 times",  # sums of columns
        "30 runs of development went well",  # a difference in a row
        "25 % of its runs failed, quality 5%",
        "18.3 percent failed over all",  # of the sums
        "two thirds (66.7 %) of the runs were development's",
        "it cost $0.12 and $0.05, $0.17 together",
        "$0.0031 for each run",
        "the cost of development is 2.47 times that of quality",
        "147 % more",
        "205.0 tokens each",
        "10 seconds, or 10,000 ms; confidence 8.2",
        "gpt-oss-120b, entry 01a204c5-8351-753a-af22-75928a1c9e28, at p95",
        "since 17 November 2026, until November 24 or 2026-11-24, in 2026",
        "1. Look at development.\n2. Then at quality.",
        "8,200 tokens, or 8.2k",
        "gptoss120b, with SHA-256",
        "no number at all",
    ],
)
def test_what_was_seen_or_follows_is_taken(said):
    """As it stands, in another unit, or by one step."""
    assert unfounded(said, SEEN) == []


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("it failed 97 times", ["97 times"]),
        ("97.3 % succeeded", ["97.3 %"]),
        ("it cost $3.10", ["$3.10"]),
        ("quality had 24 runs", ["24"]),
        ("3,5 % of the runs", ["3,5 %"]),
        ("entry 8351", ["8351"]),  # a piece of an id is no number
        ("gpt-oss-20b is cheaper", ["gpt-oss-20b"]),
        ("on 12 May 2026 at 14:05", ["12 May 2026", "14:05"]),
        ("by 2025", ["2025"]),
        ("8,240 tokens", ["8,240"]),  # tokens and runs have no sum
        ("1,187 runs and 1,188 runs", ["1,187", "1,188"]),
    ],
)
def test_what_comes_from_nowhere_is_named(said, named):
    """Exactly as it was written."""
    assert unfounded(said, SEEN) == named


def test_the_finding_names_it():
    """And says that it is in neither."""
    found = reckoned("97 runs", SEEN)
    assert (found.passed, found.weight) == (False, 2.0)
    assert found.detail == "in neither the records nor one step from them: 97"


def test_large_tables_do_not_make_everything_follow():
    """Of two hundred rows any number would be a difference; only what is in them, and their sums, counts."""
    rows = tuple({"n": 1_000 * place} for place in range(1, 200))
    assert unfounded("3500 and 77", Seen("", (rows,))) == ["3500", "77"]
    assert unfounded("199 rows, 19,900,000 in all, 100000 each", Seen("", (rows,))) == []


def test_two_questions_are_compared():
    """This week against the last, each one row of its own."""
    seen = Seen("", (({"cost_micros": 3_000_000},), ({"cost_micros": 4_500_000},)))
    assert unfounded("$1.50 more, 50 % more, $7.50 together", seen) == []
    assert unfounded("40 % more", seen) == ["40 %"]


def test_numbers_without_an_end_do_no_harm():
    """A file may hold any number; the largest is as good as none."""
    rows = rows_of(f'{{"a": {"9" * 400}, "b": "1e999", "c": NaN, "d": true, "e": 3}}')
    assert unfounded(f"3 and {'8' * 400}", Seen("9" * 400, (rows,))) == []
    assert unfounded("4", Seen("", (rows,))) == ["4"]


def test_rows_are_read_off_what_a_tool_said():
    """Lines that are JSON objects, and nothing else."""
    assert rows_of('2 rows\n{"a": 1}\n{"b": "x"}\n{broken\n[1]') == ({"a": 1}, {"b": "x"})


def test_a_month_is_no_verb():
    """Dates are taken out of a text; what only looks like one stays."""
    assert without_dates("It may 10 times fail; on May 10 too", "2026-05-10") == (
        "It may 10 times fail; on   too",
        [],
    )
    assert without_dates("March 2025", "2026-03-01") == (" ", ["March 2025"])


@pytest.mark.parametrize(
    ("said", "strange"),
    [
        ("`shop/models.py`, models.py and ./README.md", ""),
        ("Node.js and/or GET /x, https://a.example/c.py", ""),
        ("see shop/views.py and notes.md", "never seen: notes.md, shop/views.py"),
        ("new.py is written", ""),
    ],
)
def test_files_that_nobody_saw_are_named(said, strange):
    """A path has to stand in what was seen; products, addresses and what is new are none."""
    seen = Seen("shop/models.py (20 bytes)\nREADME.md (4 bytes)")
    assert paths_there(said, seen, new=("new.py",)).detail == strange
