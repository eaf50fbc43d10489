"""Guard rails of keys: which models, how large, how much a minute, and what is stored of calls."""

import json

import openai
import pytest

from miosa.embedded.processes import until
from miosa.testing.front_door import key_of
from miosa.testing.wire_replies import Reply
from routing import cached_answers, key_policies
from routing.models import Exchange, KeyPolicy
from routing.personal_data import without
from tenants.models import ApiKey

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
HELLO = [{"role": "user", "content": "Say hello."}]
SMALL, LARGE = "openai/gpt-oss-20b", "openai/gpt-oss-120b"


@pytest.fixture
def client(door):
    """OpenAI's own client."""
    with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as made:
        yield made


def policy(api, key="default", **fields):
    """Put a policy over the API."""
    answer = api.put(f"/api/v1/gateway/policies/{key}", fields, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_only_the_models_it_may(api, client, groq):
    """A model that is not allowed is a 403 by name; the router chooses among those that are, and lists no others."""
    policy(api, allowed_models=[LARGE])
    with pytest.raises(openai.PermissionDeniedError, match=r"gpt-oss-20b.*policy"):
        client.chat.completions.create(model=SMALL, messages=HELLO)
    for _ in range(5):
        client.chat.completions.create(model="auto:cost", messages=HELLO)
    assert {asked.model for asked in groq.requests} == {LARGE}
    assert SMALL not in {model.id for model in client.models.list()}


def test_no_longer_than_it_may(api, client, groq):
    """A prompt or an answer beyond the key's limit is refused by name; without a wish the limit itself is sent."""
    policy(api, most_input_tokens=100, most_output_tokens=50)
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=SMALL, messages=[{"role": "user", "content": "word " * 500}])
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError, match="At most 50"):
        client.chat.completions.create(model=SMALL, messages=HELLO, max_tokens=51)
    client.chat.completions.create(model=SMALL, messages=HELLO)
    assert groq.requests[0].body["max_completion_tokens"] == 50


def test_tokens_a_minute_of_one_key(api, door, groq, tenant):
    """The policy of one key binds it alone."""
    key = key_of(tenant)
    policy(api, key=str(ApiKey.objects.latest("created").pk), tokens_per_minute=200)
    groq.script = lambda asked: Reply(text="x", usage={"prompt_tokens": 10, "completion_tokens": 150})
    with openai.OpenAI(base_url=door.url, api_key=key, max_retries=0) as bound:
        bound.chat.completions.create(model=SMALL, messages=HELLO, max_tokens=150)
        with pytest.raises(openai.RateLimitError) as caught:
            bound.chat.completions.create(model=SMALL, messages=HELLO, max_tokens=150)
    assert int(caught.value.response.headers["retry-after"]) > 1
    with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as other:
        other.chat.completions.create(model=SMALL, messages=HELLO, max_tokens=150)


def test_nothing_is_stored_unless_it_is_wanted(api, client, door, groq):
    """Without a policy no word of a call stays anywhere: not in the rows and not in the journal."""
    client.chat.completions.create(model=SMALL, messages=[{"role": "user", "content": "a-very-private-word"}])
    journal = b"".join(file.read_bytes() for file in door.folder.iterdir())
    assert b"a-very-private-word" not in journal
    door.drained()
    assert not Exchange.objects.exists()


def test_what_is_stored_is_without_secrets_and_people(api, other_api, client, door, groq):
    """Stored without what looks like a secret or a person; the model got every word. Others cannot read it."""
    policy(api, keeps_bodies=True, keep_days=7)
    groq.script = lambda asked: Reply(text="write to bob@example.org")
    said = "My key is sk-abcdef123456 and my mail is ada@example.org"
    got = client.chat.completions.with_raw_response.create(
        model=SMALL, messages=[{"role": "user", "content": said}]
    )
    assert groq.requests[0].prompt == said
    assert "bob@example.org" in got.parse().choices[0].message.content
    door.drained()
    path = f"/api/v1/gateway/exchanges/{got.headers['x-miosa-decision-id']}"
    stored = api.get(path).json()
    assert stored["answer"] == "write to [e-mail]"
    assert "sk-abcdef" not in json.dumps(stored)
    assert "ada@example.org" not in json.dumps(stored)
    assert other_api.get(path).status_code == 404
    Exchange.objects.update(expires="2020-01-01T00:00Z")
    assert cached_answers.sweep() == 1
    assert api.get(path).status_code == 404


def test_a_policy_is_put_read_and_deleted(api, other_api):
    """Put whole, listed, deleted; an unknown model, key or field is told; another tenant sees nothing of it."""
    made = policy(api, cache="exact", cache_ttl_s=60)
    assert (made["key_id"], made["cache"], made["keep_days"]) == (None, "exact", 30)
    assert [row["cache"] for row in api.get("/api/v1/gateway/policies").json()] == ["exact"]
    assert other_api.get("/api/v1/gateway/policies").json() == []
    wrong = {"allowed_models": ["nobody"]}
    assert api.put("/api/v1/gateway/policies/default", wrong, format="json").status_code == 422
    nobody = "00000000-0000-7000-8000-000000000000"
    assert api.put(f"/api/v1/gateway/policies/{nobody}", {}, format="json").status_code == 404
    assert (
        api.put("/api/v1/gateway/policies/default", {"cache_threshold": 0.1}, format="json").status_code
        == 422
    )
    assert api.delete("/api/v1/gateway/policies/default").status_code == 204
    assert not KeyPolicy.objects.exists()


def test_a_policy_is_in_force_within_seconds(client, tenant, api):
    """A policy that is put while a key is in use binds it soon."""
    client.chat.completions.create(model=SMALL, messages=HELLO)
    key_policies.put(None, allowed_models=[LARGE])

    def refused():
        try:
            client.chat.completions.create(model=SMALL, messages=HELLO)
        except openai.PermissionDeniedError:
            return True
        return False

    assert until(refused, timeout_s=5)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call +49 170 1234567 now", "call [phone] now"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("order 1234 5678 9012 3456", "order 1234 5678 9012 3456"),
        ("DE89 3704 0044 0532 0130 00", "[account]"),
        ("from 192.168.0.1", "from [address]"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[secret]"),
        ("version 1.2.3 of 2026", "version 1.2.3 of 2026"),
    ],
)
def test_what_counts_as_personal(text, shown):
    """Kinds of data by their form; what only looks long is left alone."""
    assert without(text) == shown
