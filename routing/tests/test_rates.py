"""How long a provider asks to wait, from every form of its headers."""

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rates import LONGEST_S, duration_s, pause_s, retry_after_s

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m59.56s", 179.56),
        ("840ms", 0.84),
        ("1h2m3.4s", 3723.4),
        ("7m", 420),
        ("12.5", 12.5),
        ("0", 0),
        (" 3s ", 3),
        ("1s250ms", 1.25),
        ("9999999999999", LONGEST_S),
        ("9" * 400, LONGEST_S),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1x", None),
        ("s", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_durations(text, seconds):
    """The forms in use are understood; anything else is None, never a crash or a negative wait."""
    found = duration_s(text)
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=30))
def test_no_text_breaks_the_parsers(text):
    """Whatever stands in a header: the result is None or a finite number of seconds from 0 to a week."""
    headers = {
        "retry-after": text,
        "retry-after-ms": text,
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": text,
    }
    for found in (duration_s(text), retry_after_s(headers, now=NOW), pause_s(headers)):
        assert found is None or 0 <= found <= LONGEST_S


@given(hours=st.integers(0, 99), minutes=st.integers(0, 59), milliseconds=st.integers(0, 59_999))
def test_what_is_written_is_read_back(hours, minutes, milliseconds):
    """Any time of day up to 99 hours survives being written the way Groq writes it."""
    text = f"{hours}h{minutes}m{milliseconds / 1000:g}s"
    assert duration_s(text) == pytest.approx(hours * 3600 + minutes * 60 + milliseconds / 1000)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After-Ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "Sun, 22 Nov 2026 12:00:07 GMT"}, 7),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "whenever"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_seconds_milliseconds_and_dates(headers, seconds):
    """Seconds, a date and `retry-after-ms` (which wins) are understood; a past date means now."""
    assert retry_after_s(httpx.Headers(headers), now=NOW) == seconds


def test_a_rate_that_is_used_up_says_when_there_is_one_more():
    """14,400 requests a day, all used, whole again in 24 h: the next one in 6 s. Only a remaining of 0 is a pause."""
    used_up = {
        "x-ratelimit-limit-requests": "14400",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "24h0m0s",
    }
    assert pause_s(used_up) == pytest.approx(6)
    both = used_up | {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s"}
    assert pause_s(both) == pytest.approx(7.66)
    assert pause_s(used_up | {"x-ratelimit-remaining-requests": "1"}) is None
    assert pause_s(used_up | {"x-ratelimit-reset-requests": "later"}) is None
    assert pause_s({}) is None
