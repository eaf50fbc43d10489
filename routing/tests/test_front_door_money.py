"""Budgets, rates and the account of every token: exact whatever happens at once, and whatever dies."""

import asyncio
import threading

import httpx
import openai
import pytest

from billing import subscriptions
from billing.models import Budget, DayBudget, KeyBudget, LedgerEntry, Reservation
from miosa.embedded.processes import until
from miosa.limits_environment import Rate
from miosa.testing.front_door import KEY, front_door, key_of
from miosa.testing.wire_replies import Reply
from routing import key_policies
from routing.front_door.clerk import Clerk
from routing.models import Decision, ModelCall

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
HELLO = [{"role": "user", "content": "Say hello."}]
MODEL = "openai/gpt-oss-120b"
DOLLAR = 1_000_000


def asked_at_once(door, key, number, **body):
    """So many requests at the same moment; return their statuses."""

    async def all_of_them():
        limits = httpx.Limits(max_connections=number)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            calls = (
                client.post(
                    f"{door.url}/chat/completions",
                    headers={"Authorization": f"Bearer {key}"},
                    json={"model": MODEL, "messages": HELLO, **body},
                )
                for _ in range(number)
            )
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    return asyncio.run(all_of_them())


def settled(door):
    """Post everything, and wait until every block is given back."""
    assert until(
        lambda: door.drained() is not None and not Reservation.objects.filter(state="held").exists(),
        timeout_s=15,
    )


def test_two_hundred_at_once_on_one_dollar(door, groq, tenant):
    """Each call could cost four cents: of 200 at once some are refused, and never is more than a dollar spent."""
    key = key_of(tenant, budget_micros=DOLLAR)
    groq.script = lambda asked: Reply(
        text="x", first_token_s=0.05, usage={"prompt_tokens": 1_000, "completion_tokens": 60_000}
    )
    statuses = asked_at_once(door, key, 200, max_tokens=65_000)
    assert set(statuses) == {200, 402}
    settled(door)
    spent = sum(LedgerEntry.objects.filter(meter="tokens").values_list("cost_micros", flat=True))
    row = KeyBudget.objects.get()
    assert row.spent_micros == spent == Budget.objects.get().spent_micros
    assert 0 < spent <= DOLLAR
    assert (row.reserved_micros, Budget.objects.get().reserved_micros) == (0, 0)
    assert statuses.count(200) == ModelCall.objects.filter(winner=True).count()
    # As many as a dollar covers at one moment, to the last call.
    assert statuses.count(200) == DOLLAR // 39_100


def test_a_refusal_names_the_budget(door, groq, tenant):
    """402, in OpenAI's shape, with what is left; nothing is asked of the provider."""
    key = key_of(tenant, budget_micros=10)
    with openai.OpenAI(base_url=door.url, api_key=key, max_retries=0) as client:
        with pytest.raises(openai.APIStatusError, match="monthly budget of this API key") as caught:
            client.chat.completions.create(model=MODEL, messages=HELLO)
    assert (caught.value.status_code, caught.value.code) == (402, "budget_exceeded")
    assert groq.requests == []


def test_a_cheaper_candidate_that_fits_is_asked(door, groq, tenant):
    """What is left does not cover the dearest candidate: one that it covers answers."""
    key = key_of(tenant, budget_micros=3_000)
    groq.script = lambda asked: Reply(text="x", usage={"prompt_tokens": 10, "completion_tokens": 10})
    assert asked_at_once(door, key, 1, model="auto", max_tokens=4_000) == [200]
    assert groq.requests[0].model in {"openai/gpt-oss-20b", "openai/gpt-oss-120b"}


@pytest.mark.parametrize("holder", ["daily_micros", "tenant_daily_micros"])
def test_a_budget_of_a_day(door, groq, tenant, holder):
    """Of a key, and of all keys together: of many at once some are refused, and never is more than the cap spent."""
    key_policies.put(None, **{holder: 200_000})
    groq.script = lambda asked: Reply(
        text="x", first_token_s=0.05, usage={"prompt_tokens": 1_000, "completion_tokens": 60_000}
    )
    keys = [key_of(tenant) for _ in range(1 if holder == "daily_micros" else 3)]
    statuses = [status for key in keys for status in asked_at_once(door, key, 20, max_tokens=65_000)]
    assert set(statuses) == {200, 402}
    settled(door)
    (row,) = DayBudget.objects.all()
    assert 0 < row.spent_micros == sum(ModelCall.objects.values_list("cost_micros", flat=True)) <= 200_000
    assert row.reserved_micros == 0
    assert row.holder == (tenant.pk if holder == "tenant_daily_micros" else row.holder)


def test_a_tenant_that_has_not_paid_is_refused(door, groq, tenant):
    """A restricted standing closes the gateway too, for a model that costs nothing as well."""
    from billing.models import BillingAccount

    BillingAccount.objects.create(customer="cus_1", standing="restricted")
    assert asked_at_once(door, key_of(tenant), 1) == [402]


def test_a_model_without_a_price_is_refused(door, groq):
    """Unknown is not free."""
    assert asked_at_once(door, door.key, 1, model="groq/compound") == [400]
    assert groq.requests == []


def test_a_cut_stream_pays_for_what_was_produced(door, groq):
    """The provider breaks off: the words that came are charged, by an estimate."""
    groq.script = lambda asked: Reply(text="one two three four", fault="disconnect", fault_after=3)
    with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client:
        with pytest.raises(openai.APIError):
            list(client.chat.completions.create(model=MODEL, messages=HELLO, stream=True))
    settled(door)
    (call,) = ModelCall.objects.all()
    assert (call.estimated, call.output_tokens) == (True, 4)  # 13 bytes
    assert Budget.objects.get().spent_micros == call.cost_micros > 0


def test_requests_a_minute(tenant, tmp_path, groq):
    """A key's own rate holds: what is beyond it is a 429 that says when to come again."""
    with front_door(tenant, tmp_path, groq_api_key=KEY, groq_base_url=groq.url) as door:
        statuses = asked_at_once(door, key_of(tenant, rate_per_minute=5), 12)
    assert (statuses.count(200), statuses.count(429)) == (5, 7)


def test_tokens_a_minute(tenant, tmp_path, groq):
    """Tokens are taken before a call and given back after it: what was not used can be used by the next."""
    groq.script = lambda asked: Reply(text="x", usage={"prompt_tokens": 10, "completion_tokens": 10})
    rate = Rate(3_000, 60, 3_000)
    with front_door(tenant, tmp_path, groq_api_key=KEY, groq_base_url=groq.url, gateway_tokens=rate) as door:
        one_by_one = [asked_at_once(door, door.key, 1, max_tokens=1_000)[0] for _ in range(20)]
        groq.script = lambda asked: Reply(text="x", usage={"prompt_tokens": 10, "completion_tokens": 1_000})
        too_many = [asked_at_once(door, door.key, 1, max_tokens=1_000)[0] for _ in range(10)]
    assert one_by_one == [200] * 20
    assert 429 in too_many


def test_a_key_that_is_revoked_ends_within_seconds(door, tenant, groq):
    """Nothing tells the door: it looks by itself."""
    from tenants import api_keys
    from tenants.models import ApiKey

    key = key_of(tenant)
    assert asked_at_once(door, key, 1) == [200]
    api_keys.revoke(ApiKey.objects.latest("created"))
    assert until(lambda: asked_at_once(door, key, 1) == [401], timeout_s=20)


def test_a_tenants_own_key_is_used_and_costs_nothing(door, tenant, groq):
    """A secret named provider/groq is sent instead of the platform's; its tokens are counted, and no money."""
    from tenants import vault

    vault.put("provider/groq", "gsk_of_the_tenant", actor="test")
    assert asked_at_once(door, key_of(tenant, budget_micros=0), 1) == [200]
    assert groq.requests[0].headers["authorization"] == "Bearer gsk_of_the_tenant"
    settled(door)
    (entry,) = LedgerEntry.objects.filter(meter="tokens")
    assert (entry.cost_micros, entry.quantity > 0) == (0, True)


def test_a_tenants_own_key_opens_a_provider_that_nobody_else_has(tenant, other_tenant, tmp_path, groq):
    """Without a key of the platform its models are there for the tenant that brought one, and for no other."""
    from tenants import vault

    with front_door(
        tenant, tmp_path, groq_api_key="", kimi_api_key="", local_model_url="", groq_base_url=groq.url
    ) as door:
        assert asked_at_once(door, key_of(tenant), 1) == [503]
        vault.put("provider/groq", "gsk_of_the_tenant", actor="test")
        vault.put("provider/nobody", "a name that no provider has", actor="test")
        assert asked_at_once(door, key_of(tenant), 1) == [200]
        assert asked_at_once(door, key_of(other_tenant), 1) == [503]
        door.drained()
    assert Decision.objects.count() == 1
    assert len(groq.requests) == 1


def test_the_health_of_an_own_key_is_its_owners_matter(door, tenant, other_tenant, groq):
    """A provider that is tired of one tenant's key is asked with the platform's for everybody else."""
    from tenants import vault

    vault.put("provider/groq", "gsk_of_the_tenant", actor="test")
    own = "Bearer gsk_of_the_tenant"
    tired = Reply(status=429, error={"message": "enough"}, headers={"Retry-After": "120"})
    groq.script = lambda asked: tired if asked.headers["authorization"] == own else Reply(text="x")
    assert asked_at_once(door, key_of(tenant), 1) == [503]
    assert asked_at_once(door, key_of(other_tenant), 1) == [200]


def test_another_tenant_pays_for_itself(door, tenant, other_tenant, in_tenant, groq):
    """Two tenants through one door: each has its own rows and its own sum."""
    asked_at_once(door, door.key, 3)
    asked_at_once(door, key_of(other_tenant), 2)
    settled(door)
    assert Decision.objects.count() == 3
    with in_tenant(other_tenant):
        assert Decision.objects.count() == 2
        assert {call.cost_micros > 0 for call in ModelCall.objects.all()} == {True}


def test_posting_twice_is_posting_once(door, groq):
    """A clerk that begins anew reads everything again; nothing is counted twice."""
    asked_at_once(door, door.key, 5)
    assert door.drained() == 5
    assert Clerk(door.folder).drain() == 5
    assert (Decision.objects.count(), LedgerEntry.objects.filter(meter="tokens").count()) == (5, 5)
    settled(door)
    spent = sum(LedgerEntry.objects.values_list("cost_micros", flat=True).filter(meter="tokens"))
    assert Budget.objects.get().spent_micros == spent


def test_the_month_has_no_more_than_its_allowance(door, groq, tenant):
    """The tenant's own cap holds for all its keys together, and for executions beside them."""
    budget = subscriptions.current_budget()
    Budget.objects.filter(pk=budget.pk).update(cap_micros=200_000)
    groq.script = lambda asked: Reply(text="x", usage={"prompt_tokens": 1_000, "completion_tokens": 60_000})
    keys = [key_of(tenant) for _ in range(4)]
    results: list[int] = []
    threads = [
        threading.Thread(
            target=lambda key=key: results.extend(asked_at_once(door, key, 10, max_tokens=65_000))
        )
        for key in keys
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled(door)
    row = Budget.objects.get()
    assert 0 < row.spent_micros <= 200_000
    assert row.spent_micros == sum(
        LedgerEntry.objects.filter(meter="tokens").values_list("cost_micros", flat=True)
    )
    assert set(results) == {200, 402}
