"""The board: one version per knowledge, one look-up per decision, and never a mixture of two boards."""

import subprocess
import sys
import threading
from pathlib import Path

from routing.requirement import TASK_KINDS, Requirement
from routing.router import decide, explore
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.scoring.weights import SEED
from routing.snapshot import Snapshot, Tally
from routing.tests.boards import BOTH, EIGHT_B, KIMI, ORIGINAL, SEVENTY_B, catalog_of

ROOT = Path(__file__).parents[2]
KNOWN = {
    ("chat", EIGHT_B.id): Tally(30, 21.5),
    ("code", KIMI.id): Tally(120, 110, confidence_sum=990.5, rated=120),
}


def test_a_restart_gives_the_same_version_and_the_same_choices():
    """A fresh process with another hash seed computes the version and the choice that this one has."""
    code = (
        "from routing.tests.test_scoreboard import KNOWN, ORIGINAL, BOTH, Scoreboard, Snapshot, Requirement, decide\n"
        "board = Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH)\n"
        "print(board.version, decide(board, Requirement('chat')).ranked)"
    )
    here = Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH)
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == f"{here.version} {decide(here, Requirement('chat')).ranked}"


def test_the_order_of_learning_does_not_matter():
    """The same cells gathered in another order, and step by step, give the same version."""
    once = Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH, warm=())
    reversed_cells = Snapshot(dict(reversed(KNOWN.items())))
    stepwise = Snapshot()
    for (kind, name), tally in KNOWN.items():
        stepwise = stepwise.with_cell(kind, name, tally)
    assert (
        once.updated(reversed_cells, warm=()).version
        == once.updated(stepwise, warm=()).version
        == once.version
    )


def test_any_change_of_knowledge_is_a_new_version():
    """One more outcome, other weights, another setting, one provider or one model less: each has its own version."""
    base = Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH, warm=())
    changed = [
        base.updated(Snapshot(KNOWN).with_cell("chat", EIGHT_B.id, Tally(31, 21.5)), warm=()),
        Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH, weights=SEED, warm=()),
        Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH, rules=Rules(bonus=1.2), warm=()),
        Scoreboard(ORIGINAL, Snapshot(KNOWN), providers={"groq"}, warm=()),
        Scoreboard(catalog_of(EIGHT_B, KIMI), Snapshot(KNOWN), providers=BOTH, warm=()),
    ]
    assert len({base.version, *(board.version for board in changed)}) == 6


def test_a_usual_decision_is_a_shared_object():
    """Asking twice, with different small sizes, hands out the very same object."""
    board = Scoreboard(ORIGINAL, providers=BOTH)
    assert decide(board, Requirement("chat", input_tokens=12)) is decide(
        board, Requirement("chat", input_tokens=900)
    )


def test_what_was_not_warmed_is_compiled_when_first_asked():
    """A board with nothing warmed gives what a warm one gives, for every kind, and then remembers it."""
    cold, warm = (
        Scoreboard(ORIGINAL, Snapshot(KNOWN), providers=BOTH, warm=kinds) for kinds in ((), TASK_KINDS)
    )
    assert not cold.best
    for kind in TASK_KINDS:
        assert decide(cold, Requirement(kind)) == decide(warm, Requirement(kind))
    assert len(cold.best) == len(TASK_KINDS)


def test_an_outcome_of_one_kind_reaches_the_others_through_the_models_rate():
    """900 failures in code lower the model's History in chat too, on the board compiled after them."""
    before = Scoreboard(ORIGINAL, providers=BOTH)
    after = before.updated(Snapshot({("code", EIGHT_B.id): Tally(900, 0)}), warm=("code",))
    totals = [
        next(r.total for r in decide(b, Requirement("chat")).ranked if r.model == EIGHT_B.id)
        for b in (before, after)
    ]
    assert totals[1] < totals[0]


def test_no_reader_sees_a_mixture_while_the_board_is_swapped():
    """Four readers against a writer that swaps two boards: each choice is wholly of the one or the other."""
    boards = [
        Scoreboard(ORIGINAL, providers=BOTH, rules=Rules(seed=1)),
        Scoreboard(
            ORIGINAL, Snapshot({("chat", SEVENTY_B.id): Tally(500, 499)}), providers=BOTH, rules=Rules(seed=2)
        ),
    ]
    expected = {board.version: decide(board, Requirement("chat")).ranked for board in boards}
    holder = {"board": boards[0]}
    mixed, seen, done = [], set(), threading.Event()

    def read():
        requirement = Requirement("chat")
        while not done.is_set():
            for choose in (decide, explore):
                choice = choose(holder["board"], requirement)
                seen.add(choice.scoreboard_version)
                if choice.ranked != expected[choice.scoreboard_version]:
                    mixed.append(choice)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(60):
        fresh = boards[turn % 2]
        holder["board"] = fresh.updated(fresh.snapshot, warm=("chat",) if turn % 3 else ())
    done.set()
    for reader in readers:
        reader.join()
    assert not mixed
    assert seen == set(expected)
