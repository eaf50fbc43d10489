"""`manage.py router`: explains, makes again and asks what if, for every tenant, with exit codes."""

import json
import subprocess
import sys
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from miosa.environment import ROOT
from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from routing.management.router_commands import proposed_weights, span
from routing.models import Decision
from routing.policies import InvalidWeights
from routing.scoring.weights import NODES, SIX_NODES
from routing.tests import stored

GROQ = "http://127.0.0.1:9/v1"
SPEED = "balance:Speed=0.9,TaskFit=0,Quality=0,Cost=0,History=0.1,Confidence=0"
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def here(tenant):
    """A tenant with two providers within reach."""
    with providers(groq=GROQ, kimi=GROQ):
        yield tenant


def run(*arguments):
    """What the command prints, and its exit code."""
    out, code = StringIO(), 0
    try:
        call_command("router", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return out.getvalue(), code


def told(*arguments):
    """The JSON on its last line, with its exit code."""
    out, code = run(*arguments, "--json")
    return json.loads(out.splitlines()[-1]), code


def test_it_works(here):
    """Explained, made again and asked: each in one line of JSON, with exit code 0."""
    row = stored.outcome().decision
    assert told("explain", str(row.pk))[0]["model"] == row.model
    assert told("replay")[0]["exact"] == 1
    assert told("whatif", "--weights", SPEED)[0]["tenants"][0]["decisions"] == 1


def test_it_explains_every_number(here):
    """Nodes x weights, bonus, total, propensity, why, flip, version, outcome and call: all in the text."""
    row = stored.outcome().decision
    text, code = run("explain", str(row.pk))
    flat = " ".join(text.split())
    assert code == 0
    best = row.ranked[0]
    parts = [node["name"] for node in best["nodes"]]
    parts += [f"{node['weight'] * node['score']:.4f}" for node in best["nodes"]]
    parts += [
        f"{best['total']:.4f}",
        f"{best['bonus']:.2f}",
        f"{row.propensity:.4f}",
        row.scoreboard_version,
        row.why,
    ]
    assert [part for part in parts if part not in flat] == []
    assert "would have been chosen" in flat
    assert f"checks say 1.00 of {row.answered_by}" in flat
    assert f"{row.answered_by} at {row.provider}: answered, 100 ms" in flat


def test_an_unknown_decision_is_told(here):
    """An id that no tenant has: one line that says so, exit code 2."""
    with pytest.raises(CommandError, match=r"There is no routing decision .* of any tenant") as refused:
        run("explain", str(uuid4()))
    assert refused.value.returncode == 2


def test_replay_goes_through_all_tenants_siloed_ones_too(here, silo, in_tenant):
    """Three tenants, one with tables of its own: each is told, and --tenant picks one."""
    stored.decision()
    alone, third = silo(open_tenant("globex")), open_tenant("initech")
    for who in (alone, third):
        with in_tenant(who):
            stored.decision()
    body, code = told("replay")
    assert (code, body["sound"], body["total"], body["exact"]) == (0, True, 3, 3)
    assert [one["tenant"] for one in body["tenants"]] == ["acme", "globex", "initech"]
    assert told("replay", "--tenant", "globex")[0]["total"] == 1
    with in_tenant(alone):
        other = Decision.objects.get()
    assert told("explain", str(other.pk))[0]["tenant"] == "globex"
    with pytest.raises(CommandError, match="of the tenant acme"):
        run("explain", str(other.pk), "--tenant", "acme")


def test_a_decision_that_comes_out_otherwise_is_exit_code_1(here):
    """The fields that differ are named, in the table and in the JSON."""
    row = stored.decision()
    Decision.objects.update(why="for no reason")
    text, code = run("replay")
    assert code == 1
    assert f"acme: {row.pk}" in text
    assert '"for no reason" was stored' in text
    body, code = told("replay")
    assert (code, body["sound"], body["different"]) == (1, False, 1)
    assert body["tenants"][0]["different"][0]["fields"][0]["name"] == "why"


def test_what_is_not_kept_is_no_failure(here):
    """A decision from before knowledge was kept is told apart, with exit code 0."""
    stored.decision()
    Decision.objects.update(scoreboard_version="")
    text, code = run("replay")
    assert code == 0
    assert "of 1 it is not kept" in text
    assert told("replay")[0]["not_kept"] == 1


def test_what_if_refuses_in_words(here):
    """One decision supports nothing: the table says refused, and the sentence why."""
    stored.outcome()
    text, code = run("whatif", "--weights", SPEED)
    assert code == 0
    assert "refused" in text
    assert "decisions lie in the window" in " ".join(text.split())
    target = told("whatif", "--weights", SPEED)[0]["tenants"][0]["target"]
    assert all("refused" in one for one in target.values())


def test_weights_come_from_a_file_too(here, tmp_path):
    """A JSON file by mode and node, as the policy stores them."""
    stored.outcome()
    file = tmp_path / "weights.json"
    file.write_text(json.dumps({"balance": dict.fromkeys((node.name for node in NODES), 1 / len(NODES))}))
    assert told("whatif", "--weights", str(file))[1] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("replay", "--since", "yesterday"), "no duration"),
        (("replay", "--since", "0d"), "no duration"),
        (("replay", "--tenant", "nobody"), "no tenant nobody"),
        (("explain", "not-an-id"), "invalid UUID"),
        (("explain",), "required"),
        ((), "required"),
        (("whatif",), "What if what"),
        (("whatif", "--weights", "balance:Quality=much"), "no weight"),
        (("whatif", "--weights", "balance:Luck=0.4"), "no node"),
        (("whatif", "--weights", "hurry:Quality=0.4"), "no mode"),
        (("whatif", "--weights", "balance:Quality=1.4"), "more than 1"),
        (("whatif", "--weights", "nowhere.json"), "No such file"),
        (("whatif", "--without", "gpt-12"), "no model is called"),
        (("whatif", "--provider", "acme"), "no provider acme"),
    ],
)
def test_a_misuse_is_told(here, arguments, says):
    """What cannot be asked is refused with what to write instead."""
    with pytest.raises(CommandError, match=says):
        run(*arguments)


@pytest.mark.parametrize("arguments", [["replay", "--since", "soon"], ["whatif"]])
def test_a_misuse_is_exit_code_2(arguments):
    """In a process of its own, as in a shell."""
    ended = subprocess.run(
        [sys.executable, "manage.py", "router", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False), ended.stderr


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5_400), ("24h", 86_400), ("7d", 604_800), ("2W", 1_209_600)]
)
def test_durations(text, seconds):
    """Minutes, hours, days and weeks."""
    assert span.duration(text).total_seconds() == seconds


def test_weights_that_are_not_named_share_what_is_left():
    """Quality at 0.4: the others keep their proportions, and the mode sums to 1; other modes stay the product's."""
    given = proposed_weights.read(["balance:Quality=0.4"]).by_mode
    assert sum(given["balance"]) == pytest.approx(1, abs=1e-12)
    before = SIX_NODES.by_mode["balance"]
    assert given["balance"][1] == 0.4
    assert given["balance"][0] / given["balance"][2] == pytest.approx(before[0] / before[2])
    assert given["speed"] == SIX_NODES.by_mode["speed"]
    with pytest.raises(InvalidWeights, match="more than 1"):
        proposed_weights.read(["balance:Quality=0.9,Cost=0.2"])
