"""How a tenant wants its models chosen: what is refused, what is written down, and when it holds."""

import time
from collections import Counter

import pytest
from django.core.exceptions import ValidationError

from miosa.embedded.processes import until
from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from routing import board, deciding, policies
from routing.models import Policy
from routing.requirement import MODES, Requirement
from routing.router import decide
from routing.scoring.weights import NODES, SIX_NODES
from routing.tests.peer import peers, seen_in_time
from tenants.models import AuditEntry

EVEN = {node.name: 1 / 6 for node in NODES}
COST = {node.name: float(node.name == "Cost") for node in NODES}
QUALITY = {node.name: float(node.name == "Quality") for node in NODES}


def test_what_is_named_counts_and_the_rest_stays():
    """A mode that is given has its weights in the order of the nodes, the others keep the product's."""
    found = policies.weight_set({"cost": dict(reversed(COST.items()))})
    assert found.by_mode["cost"] == tuple(COST.values())
    assert all(found.by_mode[mode] == SIX_NODES.by_mode[mode] for mode in MODES if mode != "cost")
    assert policies.weight_set(policies.named(found)).by_mode == found.by_mode


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({"fast": EVEN}, ["'fast'", "speed, quality, cost, balance"]),
        ({"cost": EVEN | {"Luck": 0}}, ["'Luck'", "TaskFit"]),
        ({"cost": {name: 0.2 for name in EVEN if name != "Speed"}}, ["cost", "Speed"]),
        ({"cost": EVEN | {"Cost": "much"}}, ["cost", "no number"]),
        ({"cost": EVEN | {"Cost": None}}, ["cost", "no number"]),
        ({"cost": EVEN | {"Cost": 0.9}}, ["cost", "sum to"]),
        ({"speed": COST | {"Cost": 2, "Speed": -1}}, ["speed", "0 or more"]),
        ({"speed": COST | {"Cost": float("nan")}}, ["speed", "0 or more"]),
        ({"speed": COST | {"Cost": float("inf")}}, ["speed", "0 or more"]),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(stored, words):
    """Every refusal names the mode or the node, and what would be right."""
    with pytest.raises(policies.InvalidWeights) as refused:
        policies.weight_set(stored)
    assert all(word in str(refused.value.detail) for word in words)


def changes():
    return [
        (entry.action, entry.before, entry.after)
        for entry in AuditEntry.objects.filter(action="routing_policy.changed").order_by("pk")
    ]


def test_a_change_is_stored_and_audited(tenant):
    """Before and after stand in the audit, once; what changes nothing is not written down."""
    policies.change(most_explored=0.02, takes_counts=False)
    policies.change(most_explored=0.02)
    policies.change(weights={"cost": COST})
    assert Policy.objects.count() == 1
    assert changes() == [
        (
            "routing_policy.changed",
            {"most_explored": "0.1", "takes_counts": True},
            {"most_explored": "0.02", "takes_counts": False},
        ),
        (
            "routing_policy.changed",
            {"weights": None},
            {"weights": {"cost": {name: str(value) for name, value in COST.items()}}},
        ),
    ]


@pytest.mark.parametrize(
    "fields", [{"most_explored": 1.5}, {"most_explored": -0.1}, {"weights": {"cost": EVEN | {"Cost": 9}}}]
)
def test_what_is_refused_changes_nothing(tenant, fields):
    """A bound outside 0 to 1 or weights that do not sum to 1: no row of the policy and none of the audit changes."""
    policies.change(most_explored=0.02)
    with pytest.raises((ValidationError, policies.InvalidWeights)):
        policies.change(**fields)
    assert (Policy.objects.get().most_explored, Policy.objects.get().weights) == (0.02, None)
    assert len(changes()) == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_holds_from_the_next_decision_on(tenant):
    """Weights of the tenant turn the choice of the process that stored them at once."""
    with providers(groq="http://127.0.0.1:9/v1", kimi="http://127.0.0.1:9/v1"):
        policies.change(weights={"balance": QUALITY})
        best = decide(board.current(), Requirement("chat")).model
        policies.change(weights={"balance": COST})
        cheapest = decide(board.current(), Requirement("chat")).model
    ids = {model.id: model for model in board.catalog().models}
    assert ids[best].quality.value > ids[cheapest].quality.value
    assert ids[best].cost.value < ids[cheapest].cost.value


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_holds_in_other_processes_within_a_second():
    """A process that hears, and one that does not, decide by what another one stored a second ago."""
    with peers(open_tenant("acme"), 3) as (a, b, c):
        b.listen()
        assert until(b.hears, timeout_s=10)
        assert b.current()["version"] == c.current()["version"]
        a.change(weights={"balance": COST}, most_explored=0.03)
        stored = time.monotonic()
        for peer in (b, c):
            seen_in_time(peer, lambda told: told["weights"] == [0, 0, 0, 1, 0, 0], since=stored)
            assert peer.current()["most_explored"] == 0.03
        assert a.current()["version"] == b.current()["version"] == c.current()["version"]


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("bound", [0.0, 0.02, 0.1, 0.25, 1.0])
def test_no_more_is_explored_than_the_tenant_allows(tenant, bound):
    """In every round of the prepared draws at most this share tries another model than the best; at 0 none does."""
    with providers(groq="http://127.0.0.1:9/v1", kimi="http://127.0.0.1:9/v1", local="http://127.0.0.1:9/v1"):
        policies.change(most_explored=bound)
        draws = board.current().known.rules.draws
        for mode in MODES:
            need = Requirement("chat", mode)
            made = Counter(deciding.decided(need).choice.explored for _ in range(draws))
            assert made[True] <= bound * draws
            entry = board.current().entry(need)
            assert entry.chances[entry.best.model] >= 1 - bound
            assert sum(entry.chances.values()) == pytest.approx(1)
