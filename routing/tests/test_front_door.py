"""The front door as the official client sees it: answers, streams, and what is written of them."""

import httpx
import openai
import pytest

from billing.models import LedgerEntry
from miosa.testing.wire_replies import Reply
from routing.models import Decision, ModelCall

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
def client(door):
    """OpenAI's own client, pointed at the door."""
    with openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0) as made:
        yield made


def test_it_works(client, door, groq):
    """One question, one answer; the decision, its call and the ledger entry are there, to the token."""
    groq.script = lambda asked: Reply(text="hello there", usage={"prompt_tokens": 11, "completion_tokens": 3})
    got = client.chat.completions.with_raw_response.create(model="auto", messages=HELLO)
    answer = got.parse()
    assert answer.choices[0].message.content == "hello there"
    assert answer.usage.prompt_tokens == 11
    assert got.headers["x-miosa-model"] == groq.requests[0].model
    assert door.drained() == 1
    decision = Decision.objects.get(pk=got.headers["x-miosa-decision-id"])
    assert (decision.agent, decision.answered_by) == ("gateway", got.headers["x-miosa-model"])
    call = ModelCall.objects.get(decision=decision)
    assert (call.winner, call.input_tokens, call.output_tokens, call.finish_reason) == (True, 11, 3, "stop")
    entry = LedgerEntry.objects.get(meter="tokens")
    assert (entry.quantity, entry.source_id, entry.cost_micros) == (14, str(call.pk), call.cost_micros)
    assert float(got.headers["x-miosa-cost"]) == call.cost_micros / 1_000_000 > 0


def test_a_stream(client, door, groq):
    """A stream comes in its pieces, with the usage where it is asked for, and is written down like any other."""
    groq.script = lambda asked: Reply(text="hello there", pieces=("hel", "lo ", "the", "re"))
    got = list(
        client.chat.completions.create(
            model="auto:speed", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in got if chunk.choices)
    assert text == "hello there"
    assert got[-1].usage.completion_tokens > 0
    assert door.drained() == 1
    assert ModelCall.objects.get().output_tokens == got[-1].usage.completion_tokens


def test_an_unknown_key_is_told_so(door):
    """A wrong key is a 401 in OpenAI's shape."""
    got = httpx.post(
        f"{door.url}/chat/completions", headers={"Authorization": "Bearer sk-wrong"}, json={"model": "auto"}
    )
    assert got.status_code == 401
    assert got.json()["error"]["code"] == "invalid_api_key"
