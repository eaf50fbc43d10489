"""A second provider beside one that is late: rarely, only where the operator wants it, and paid for once."""

import threading
from contextlib import ExitStack

import openai
import pytest

from billing.models import LedgerEntry
from miosa.embedded.processes import until
from miosa.testing.front_door import catalogue, front_door
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.front_door.hedging import ENOUGH, RECENT, SHARE, Hedges
from routing.models import ModelCall
from routing.tests.front_door_scene import GOOD, ROWS, streamed, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
WHERE = ("swift", "swift-1")
SLOW = Reply(text="late", first_token_s=3, before_s=3)


class Scene:
    """`swift` answers by `reply`, `steady` well; calls go through a door that hedges, or does not."""

    def __init__(self, tenant, folder, hedge):
        self.reply, self.tenant, self.folder, self.hedge = GOOD, tenant, folder, hedge

    def __enter__(self):
        with ExitStack() as stack:
            self.swift = stack.enter_context(WireServer(lambda asked: self.reply))
            self.steady = stack.enter_context(WireServer(lambda asked: Reply(text="steady")))
            urls = {"SWIFT_URL": self.swift.url, "STEADY_URL": self.steady.url}
            stack.enter_context(catalogue(self.folder, ROWS, urls))
            others = {"groq_api_key": "", "kimi_api_key": "", "local_model_url": ""}
            self.door = stack.enter_context(
                front_door(self.tenant, self.folder, **others, gateway_hedge=self.hedge)
            )
            self.client = stack.enter_context(
                openai.OpenAI(base_url=self.door.url, api_key=self.door.key, max_retries=0)
            )
            self._stack = stack.pop_all()
        for _ in range(ENOUGH):  # not one more: it might be late itself
            assert whole(self.client, "auto:quality") == "all of it"
        return self

    def __exit__(self, *error):
        self._stack.close()


def test_the_later_one_is_left(tenant, tmp_path):
    """The other answers, the late one is hung up on, and the tenant pays for the one it got."""
    with Scene(tenant, tmp_path, hedge=True) as here:
        here.reply = SLOW
        assert whole(here.client, "auto:quality") == "steady"
        assert until(here.swift.requests[-1].hung_up.is_set, timeout_s=20)
        here.door.drained()
    last = ModelCall.objects.latest("decision__created").decision
    calls = {call.provider: call for call in last.calls.all()}
    assert {name: call.winner for name, call in calls.items()} == {"swift": False, "steady": True}
    assert (calls["swift"].error, calls["swift"].input_tokens > 0) == ("cancelled by the caller", True)
    charged = LedgerEntry.objects.filter(source_id__in=[str(call.pk) for call in calls.values()])
    assert {entry.model: entry.cost_micros > 0 for entry in charged} == {"swift-1": False, "steady-1": True}


@pytest.mark.parametrize("hedge", [False, True])
def test_streams_and_doors_that_do_not_hedge_wait(tenant, tmp_path, hedge):
    """A stream is never asked for twice; without the variable nothing is."""
    with Scene(tenant, tmp_path, hedge=hedge) as here:
        here.reply = Reply(text="late", before_s=0.5)
        assert (streamed if hedge else whole)(here.client, "auto:quality") == "late"
        assert not here.steady.requests


def test_one_that_was_late_and_answers_first_is_taken(tenant, tmp_path):
    """Whoever is first wins: here the first, although somebody else was asked as well."""
    with Scene(tenant, tmp_path, hedge=True) as here:
        here.steady.script = lambda asked: SLOW
        here.reply = Reply(text="after all", before_s=0.6)
        assert whole(here.client, "auto:quality") == "after all"
        assert here.steady.requests


def test_both_fail_and_the_client_hears_of_both(tenant, tmp_path):
    """Late and broken here, refused there: the error names both."""
    with Scene(tenant, tmp_path, hedge=True) as here:
        here.steady.script = lambda asked: Reply(status=401, error={"message": "who are you"})
        here.reply = Reply(status=401, error={"message": "nor you"}, before_s=0.6)
        with pytest.raises(openai.InternalServerError, match=r"nor you.*who are you|who are you.*nor you"):
            whole(here.client, "auto:quality")


def test_a_client_that_leaves_ends_both(tenant, tmp_path):
    """Neither goes on for nobody."""
    with Scene(tenant, tmp_path, hedge=True) as here:
        here.reply = SLOW
        here.steady.script = lambda asked: SLOW
        asking = threading.Thread(target=_impatient, args=(here,))
        asking.start()
        asking.join()
        for server in (here.swift, here.steady):
            assert until(server.requests[-1].hung_up.is_set, timeout_s=20)


def _impatient(here):
    with pytest.raises(openai.APITimeoutError):
        whole(here.client.with_options(timeout=0.7), "auto:quality")


def test_one_in_twenty_at_the_most():
    """However many are late."""
    hedges = Hedges()
    asked_twice = 0
    for _ in range(1_000):
        hedges.earn()
        asked_twice += hedges.spend()
    assert asked_twice == round(1_000 * SHARE)


def test_late_is_what_most_answers_were_not():
    """Nothing is late while few answers are known; old ones are forgotten."""
    hedges = Hedges()
    for seconds in range(ENOUGH - 1):
        hedges.took(WHERE, seconds)
    assert hedges.late_s(WHERE) is None
    for seconds in range(RECENT):
        hedges.took(WHERE, seconds)
    assert hedges.late_s(WHERE) == pytest.approx(0.95 * RECENT)
    for _ in range(RECENT):
        hedges.took(WHERE, 1)
    assert hedges.late_s(WHERE) == 1
