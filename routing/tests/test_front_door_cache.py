"""Answers given again: only where a key wants it, only inside its tenant, and only what may be the same."""

import random

import openai
import pytest
from django.utils import timezone

from billing.models import Budget, LedgerEntry
from miosa.embedded.processes import until
from miosa.testing.front_door import KEY, front_door, key_of
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing import cached_answers, key_policies
from routing.models import CachedAnswer, ModelCall
from routing.tests.answers_of_tools import CALLS, TOOL, streamed, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
MODEL = "openai/gpt-oss-20b"


def ask(door, text, key=None, **body):
    """Ask; return the words and how the cache had its part in them."""
    with openai.OpenAI(base_url=door.url, api_key=key or door.key, max_retries=0) as client:
        got = client.chat.completions.with_raw_response.create(
            **{"model": MODEL, "messages": [{"role": "user", "content": text}], **body}
        )
        if body.get("stream"):
            chunks = [chunk for chunk in got.parse() if chunk.choices]
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks), got.headers.get(
                "x-miosa-cache"
            )
        return got.parse().choices[0].message.content, got.headers.get("x-miosa-cache")


def kept(number):
    """Wait until the cache holds so many answers of the current tenant that are not over."""
    living = CachedAnswer.objects.filter(expires__gt=timezone.now())
    return until(lambda: living.count() == number, timeout_s=20)


def policy(**fields):
    """Put the policy of every key of the current tenant."""
    usual = {name: getattr(key_policies.NO_RULES, name) for name in key_policies.FIELDS} | {
        "allowed_models": []
    }
    key_policies.put(None, **{**usual, **fields})


@pytest.fixture
def cached(tenant):
    """Every key of the tenant wants the very same questions answered from the cache."""
    policy(cache="exact")


def test_off_unless_a_key_wants_it(door, groq):
    """Without a policy every question is asked."""
    assert [ask(door, "same")[1] for _ in range(2)] == [None, None]
    assert len(groq.requests) == 2


def test_the_same_question_is_answered_again(cached, door, groq):
    """Once asked, twice answered: whole and streamed; the second costs nothing, and the ledger says what it saved."""
    groq.script = lambda asked: Reply(
        text="an answer", usage={"prompt_tokens": 1000, "completion_tokens": 500}
    )
    assert ask(door, "same") == ("an answer", None)
    assert kept(1)
    assert ask(door, "same") == ("an answer", "exact")
    assert ask(door, "same", stream=True) == ("an answer", "exact")
    assert len(groq.requests) == 1
    assert until(
        lambda: door.drained() is not None and Budget.objects.get().reserved_micros == 0, timeout_s=10
    )
    cost = ModelCall.objects.get().cost_micros
    hits = LedgerEntry.objects.filter(source="cache_hit")
    assert [(hit.cost_micros, hit.details["saved_micros"]) for hit in hits] == [(0, cost)] * 2
    assert Budget.objects.get().spent_micros == cost
    assert cached_answers.standing() == {"answers": 1, "hits": 2, "saved_micros": 2 * cost}


def test_a_stream_is_kept_too(cached, door, groq):
    """What came in pieces is given again in one."""
    groq.script = lambda asked: streamed(
        [{"content": "one "}, {"content": "two "}, {"content": "three"}], "stop"
    )
    assert ask(door, "same", stream=True) == ("one two three", None)
    assert kept(1)
    assert ask(door, "same") == ("one two three", "exact")


@pytest.mark.parametrize(
    "body",
    [{"temperature": 1.2}, {"tools": [TOOL]}, {"logprobs": True}],
    ids=["high temperature", "tools", "probabilities"],
)
def test_what_is_never_kept(cached, door, groq, body):
    """What shall differ, and what acts, is asked each time."""
    assert [ask(door, "same", **body)[1] for _ in range(2)] == [None, None]
    assert not CachedAnswer.objects.exists()


def test_an_answer_that_calls_a_tool_or_ends_early_is_not_kept(cached, door, groq):
    """Only whole answers in words are given again."""
    groq.script = lambda asked: whole({"tool_calls": CALLS}, "tool_calls")
    ask(door, "a tool")
    groq.script = lambda asked: whole({"content": "half"}, "length")
    ask(door, "too long")
    groq.script = lambda asked: whole({"content": "all"}, "stop")
    ask(door, "fine")
    assert kept(1)


@pytest.mark.parametrize(
    "other", [{"max_tokens": 7}, {"temperature": 0.1}, {"model": "openai/gpt-oss-120b"}, {"seed": 2}]
)
def test_other_parameters_are_another_question(cached, door, groq, other):
    """The same words with anything else about them are asked anew."""
    ask(door, "same")
    assert kept(1)
    assert ask(door, "same", **other)[1] is None


def test_purged_and_expired_answers_are_gone(cached, door, groq, api):
    """A purge over the API deletes them at once; what is over is not found, and is swept."""
    ask(door, "same")
    assert kept(1)
    assert api.post("/api/v1/gateway/cache/purges", {}, format="json").json() == {"purged": 1}
    assert ask(door, "same")[1] is None
    assert kept(1)
    CachedAnswer.objects.update(expires="2020-01-01T00:00Z")
    assert ask(door, "same")[1] is None
    assert kept(1)
    CachedAnswer.objects.update(expires="2020-01-01T00:00Z")
    assert cached_answers.sweep() == 1


def test_another_tenant_never_hits(cached, door, groq, other_tenant, in_tenant):
    """The very same question of another tenant is asked; each finds its own."""
    other = key_of(other_tenant)
    with in_tenant(other_tenant):
        policy(cache="exact")
    groq.script = lambda asked: Reply(text="for the first")
    ask(door, "same")
    assert kept(1)
    groq.script = lambda asked: Reply(text="for the second")
    assert ask(door, "same", key=other) == ("for the second", None)
    with in_tenant(other_tenant):
        assert kept(1)
    assert ask(door, "same") == ("for the first", "exact")
    assert ask(door, "same", key=other) == ("for the second", "exact")


def near(words, chance):
    """A question that is nearly the same: a letter, a blank or a case is another."""
    text = list(words)
    place = chance.randrange(len(text))
    text[place] = chance.choice([text[place].upper(), text[place] + text[place], " ", ""])
    return "".join(text)


def test_a_thousand_near_questions_of_two_tenants(tenant, other_tenant, in_tenant, tmp_path, embeddings_url):
    """A thousand questions that are all but the same, of two tenants in turns, with likeness asked for generously: every
    answer names the tenant that asked.
    """
    chance, key_b = random.Random(7), key_of(other_tenant)
    policy(cache="semantic", cache_threshold=0.8)
    with in_tenant(other_tenant):
        policy(cache="semantic", cache_threshold=0.8)
    words = "How do I change the address that my invoices are sent to?"
    hits = 0
    answers = {True: lambda asked: Reply(text="tenant a"), False: lambda asked: Reply(text="tenant b")}
    with WireServer() as server:
        with (
            front_door(
                tenant, tmp_path, groq_api_key=KEY, groq_base_url=server.url, embeddings_url=embeddings_url
            ) as door,
        ):
            for number in range(1_000):
                first = number % 2 == 0
                server.script = answers[first]
                text, how = ask(door, near(words, chance), key=door.key if first else key_b)
                assert text == ("tenant a" if first else "tenant b")
                hits += how is not None
    assert hits > 700  # the cache was at work


def test_likeness_has_a_threshold(tenant, tmp_path, embeddings_url):
    """The same asked in other words is found, another question is not; an embeddings server that is away costs nothing."""
    policy(cache="semantic", cache_threshold=0.9)
    with WireServer(lambda asked: Reply(text=f"to: {asked.prompt}")) as server:
        variables = {"groq_api_key": KEY, "groq_base_url": server.url}
        with front_door(tenant, tmp_path, **variables, embeddings_url=embeddings_url) as door:
            ask(door, "How do I reset my password?")
            assert kept(1)
            assert ask(door, "how do I reset my password")[1] == "semantic"
            assert ask(door, "How do I delete my account?")[1] is None
        (tmp_path / "away").mkdir()
        with front_door(tenant, tmp_path / "away", **variables, embeddings_url="http://127.0.0.1:9") as door:
            assert ask(door, "how do I reset my password!")[1] is None
