"""The gateway's page in a real browser, with calls, a failing provider, a key's budget and savings on it."""

import openai
import pytest
from django.urls import reverse

from miosa.testing.browser import CHROMIUM, SIZES, wrong_with
from miosa.testing.front_door import key_of
from miosa.testing.wire_replies import Reply
from miosa.tests.admin_rows import operator

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]
HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
def pages(live_server, door, groq, tenant):
    """The pages' addresses; something stands on each."""
    key = key_of(tenant, budget_micros=1_000_000)
    replies = iter([Reply(text="x")] * 5 + [Reply(status=500)] * 8)
    groq.script = lambda asked: next(replies, Reply(text="y"))
    with openai.OpenAI(base_url=door.url, api_key=key, max_retries=0) as client:
        for _ in range(5):
            client.chat.completions.create(model="auto", messages=HELLO)
        with pytest.raises(openai.APIError):
            client.chat.completions.create(model="openai/gpt-oss-20b", messages=HELLO)
    door.drained()
    page = live_server.url + reverse("admin:routing_gateway")
    lists = ("keypolicy", "cachedanswer", "exchange")
    addresses = {one: live_server.url + reverse(f"admin:routing_{one}_changelist") for one in lists}
    return {"gateway": page, "of-one": f"{page}?tenant={tenant.pk}"} | addresses


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits(pages, tmp_path, size, scheme):
    """Nothing is wider than the window or cut, and the console has nothing to say."""
    assert wrong_with(pages, operator(), tmp_path, size=size, scheme=scheme, never_quiet={"gateway"}) == {}
