"""The front door as the official client sees it: answers, streams, and what is written of them."""

from dataclasses import replace
from typing import Any, cast

import httpx
import openai
import pytest
from django.urls import reverse
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from billing.models import LedgerEntry
from miosa.testing.front_door import key_of
from miosa.testing.wire_replies import Reply
from miosa.tests.admin_rows import operator, signed_in
from routing.front_door import tracing
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


def test_metrics_for_this_machine_alone(door, client, groq, settings):
    """Prometheus is told of answers, tries and tokens, and of no tenant; with a token only to who has it."""
    client.chat.completions.create(model="openai/gpt-oss-20b", messages=HELLO)
    url = f"{door.url.removesuffix('/v1')}/metrics"
    told = httpx.get(url).text
    assert 'miosa_gateway_tries_total{model="openai/gpt-oss-20b",outcome="answered",provider="groq"}' in told
    assert 'gen_ai_token_type="input"' in told
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, metrics_token="a-token-of-prometheus")
    assert httpx.get(url).status_code == 404
    assert httpx.get(url, headers={"Authorization": "Bearer a-token-of-prometheus"}).status_code == 200


def test_the_page_of_the_gateway(door, client, groq, tenant):
    """An operator sees calls, providers and a key's budget; without the right nobody does."""
    key_of(tenant, budget_micros=1_000_000)
    client.chat.completions.create(model="openai/gpt-oss-20b", messages=HELLO)
    door.drained()
    staff = operator()
    page = staff.get(reverse("admin:routing_gateway"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "groq · openai/gpt-oss-20b" in text
    assert "of $1.00" in text
    alone = staff.get(reverse("admin:routing_gateway"), {"tenant": str(tenant.pk)})
    assert "groq · openai/gpt-oss-20b" in alone.content.decode()
    assert (
        signed_in("staff@miosa.example", is_staff=True).get(reverse("admin:routing_gateway")).status_code
        == 403
    )


def test_a_call_is_a_span_above_its_tries(door, client, groq):
    """One span for the call below the caller's own, one for each try, with models, tokens and no words."""
    spans = InMemorySpanExporter()
    tracing.begin("", spans)
    replies = [
        Reply(status=503),
        Reply(text="a-private-answer", usage={"prompt_tokens": 7, "completion_tokens": 2}),
    ]
    groq.script = lambda asked: replies.pop(0) if len(replies) > 1 else replies[0]
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    try:
        client.chat.completions.create(model="auto", messages=HELLO, extra_headers={"traceparent": parent})
    finally:
        tracing.end()
    failed, answered, call = cast(Any, spans.get_finished_spans())
    assert f"{call.parent.span_id:016x}" == "b7ad6b7169203331"
    assert {failed.parent.span_id, answered.parent.span_id} == {call.context.span_id}
    assert (failed.attributes["error.type"], answered.attributes["gen_ai.usage.input_tokens"]) == ("503", 7)
    assert call.attributes["gen_ai.request.model"] == "auto:balance"
    assert call.start_time <= failed.start_time < answered.end_time <= call.end_time
    assert "private" not in str([span.to_json() for span in (failed, answered, call)])
