"""The log hides credentials by their form, wherever a line holds them."""

import base64
import logging

import pytest

from miosa.http.log_masking import MaskSecrets


@pytest.mark.parametrize(
    "text",
    [
        "Bearer abcdefghijklmnop", "authorization: bearer ABCDEFGHIJKLMNOP", "Basic YWxhZGRpbjpvcGVuc2VzYW1l",
        "miosa_0123456789abcdef0123456789abcdef_" + "a" * 43, "miosa_r_" + "a" * 43, "miosa_i_" + "b" * 43,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "sk_live_" + "a1" * 12, "sk_test_" + "b2" * 12,
        "gsk_" + "c3" * 12, "sk-proj-" + "d4" * 12, "whsec_" + "e5" * 12, "postgresql://miosa:correct-horse@host/db",
    ],
)  # fmt: skip
def test_the_log_hides_what_looks_like_a_credential(text):
    """By its form, in a message, in its arguments and in a traceback; the words around it stay."""
    secret = text.rpartition(" ")[2] if "://" not in text else "correct-horse"
    for message, arguments in (
        (f"got {text} there", None),
        ("got %s there", (text,)),
        ("%r", ({"a": text},)),
    ):
        record = logging.LogRecord("a", logging.INFO, "f", 1, message, arguments, None)
        assert MaskSecrets().filter(record)
        assert secret not in record.getMessage()
        assert "[hidden]" in record.getMessage()


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/tokens 200", "task agents.ring_due", "sk_ipped", "miosa_app logged in", "basic auth is off",
        "https://example.com/a:b@c", "the bearer of news", base64.b64encode(b"plain").decode(),
    ],
)  # fmt: skip
def test_the_log_keeps_what_is_none(text):
    """Words that only resemble one are left as they are."""
    record = logging.LogRecord("a", logging.INFO, "f", 1, text, None, None)
    assert MaskSecrets().filter(record)
    assert record.getMessage() == text
