"""No key is shown: not by a repr, not by an error, not by a log line."""

import copy
import logging
import pickle

import pytest

from miosa.testing.wire_replies import Reply
from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.providers.contract import ProviderFailure
from routing.providers.groq import Groq
from routing.providers.redaction import HIDDEN, Secret, redact

KEY = "gsk_Ab3dEf6hIj9kLm2nOp5q"
MODEL = catalog().model("openai/gpt-oss-20b")
PROMPT = Prompt((Message("user", "hello"),))


def test_a_secret_hides_in_every_form():
    """repr, str, format and %-formatting show the placeholder; only `reveal` shows the key."""
    secret = Secret(KEY)
    assert {repr(secret), str(secret), f"{secret}", "%s" % secret} == {HIDDEN}  # noqa: UP031
    assert secret.reveal() == KEY
    for write in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            write(secret)


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        "sk-proj-abcdef123456",
        "sk_live_abcdef123456",
        "e2b_abcdef123456",
        "rnd_abcdef123456",
        "whsec_abcdef123456",
    ],
)
def test_what_looks_like_a_key_is_redacted(key):
    """Each known prefix is caught inside a sentence, with and without Bearer."""
    assert redact(f"invalid key {key}, sorry") == f"invalid key {HIDDEN}, sorry"
    assert key not in redact(f"Authorization: Bearer {key}")


def test_a_key_of_unknown_shape_is_redacted_when_it_is_ours():
    """The literal key is replaced whatever it looks like; an empty one replaces nothing."""
    assert redact("the key hunter2 is wrong", Secret("hunter2")) == f"the key {HIDDEN} is wrong"
    assert redact("nothing here", Secret("")) == "nothing here"


def test_a_provider_that_echoes_the_key_does_not_make_us_show_it(wire, caplog):
    """The error body repeats the key: neither the failure nor any log record has it, at debug level too."""
    wire.script = lambda asked: Reply(
        status=401, error={"message": f"bad key {asked.headers['authorization']}"}
    )
    provider = Groq(wire.url, KEY)
    with caplog.at_level(logging.DEBUG), pytest.raises(ProviderFailure) as caught:
        provider.complete(MODEL, PROMPT)
    assert wire.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "bad key" in str(caught.value)
    for shown in (str(caught.value), repr(caught.value), repr(provider), repr(vars(provider)), caplog.text):
        assert KEY not in shown


def test_a_key_no_header_can_carry_is_refused_without_being_shown():
    """A line end or a letter outside ASCII in a key stops at once, and the message does not repeat it."""
    for bad in ("gsk_abc\ndef", "gsk_äbc", "gsk abc"):
        with pytest.raises(ValueError, match="no header can carry") as caught:
            Groq("http://127.0.0.1:9", bad)
        assert bad not in str(caught.value)
