"""What a refused caller is told, and how long a refusal is remembered."""

import pytest

from miosa.limits_environment import Rate, rate
from tenants.throttling import RateLimited
from tenants.throttling.bucket import Bucket, Verdict, level_of
from tenants.throttling.overrun import Refusals
from tenants.throttling.refusal import headers_of

SLOW = Bucket("tenant", "k", Rate(3, 3600, 3))


def test_the_headers_are_those_of_the_draft():
    """Structured fields: a policy each, and of several buckets under one name the tightest."""
    tenant = Bucket("tenant", "a", Rate(1200, 60, 1200))
    key, parent = Bucket("credential", "b", Rate(600, 60, 600)), Bucket("credential", "c", Rate(60, 60, 60))
    levels = (
        level_of(tenant, tenant.capacity - tenant.share),
        level_of(key, key.capacity - key.share),
        level_of(parent, parent.capacity - parent.share),
    )
    assert headers_of(Verdict(let_in=True, levels=levels)) == {
        "RateLimit-Policy": '"tenant";q=1200;w=60, "credential";q=60;w=60',
        "RateLimit": '"tenant";r=1199;t=1, "credential";r=59;t=1',
    }


def test_a_refusal_says_what_is_used_up_and_when_to_come_back():
    """429 with the limit in words, whole seconds rounded up, and the fields."""
    one = Bucket("credential", "a", Rate(60, 60, 60))
    told = RateLimited(Verdict(let_in=False, levels=(level_of(one, one.share - 1),)))
    assert (told.status, told.headers["Retry-After"]) == (429, "1")
    assert told.detail == "The limit for this credential is 60 in 60 s; try again in 1 s."
    assert told.headers["RateLimit"] == '"credential";r=0;t=60'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("600/min", Rate(600, 60, 600)),
        ("5/s burst 2", Rate(5, 1, 2)),
        ("30 / h  burst 10", Rate(30, 3600, 10)),
    ],
)
def test_a_rate_is_read_as_it_is_written(text, expected):
    """What is written out for child processes reads back the same."""
    assert rate(text) == expected == rate(str(expected))


@pytest.mark.parametrize(
    "text", ["", "600", "600/day", "0/min", "-1/min", "5/min burst 6", "5/min burst 0", "999999/s"]
)
def test_a_rate_that_is_none_is_refused(text):
    """Each mistake is told."""
    with pytest.raises(ValueError, match="must be"):
        rate(text)


def test_a_refusal_is_remembered_while_it_is_sure_to_hold():
    """The same credential is refused from memory until its next request has grown, a second at most; others are asked."""
    now_s = [0.0]
    refusals = Refusals(clock_s=lambda: now_s[0])
    one = Bucket("credential", "k", Rate(2, 1, 1))  # its next request is half a second away
    told = Verdict(let_in=False, levels=(level_of(one, 0),))
    refusal = refusals.remember(b"Bearer a", "GET", told)
    assert refusals.recall(b"Bearer a", "HEAD") is refusal
    assert refusals.recall(b"Bearer a", "POST") is None
    assert refusals.recall(b"Bearer b", "GET") is None
    now_s[0] = 0.5
    assert refusals.recall(b"Bearer a", "GET") is None
    refusals.remember(b"Bearer a", "GET", Verdict(let_in=False, levels=(level_of(SLOW, 0),)))
    now_s[0] = 1.49
    assert refusals.recall(b"Bearer a", "GET") is not None
    now_s[0] = 1.5
    assert refusals.recall(b"Bearer a", "GET") is None


def test_it_remembers_a_bounded_number():
    """The oldest is forgotten first, and no credential is kept, only its hash."""
    refusals = Refusals(clock_s=lambda: 0.0)
    told = Verdict(let_in=False, levels=(level_of(SLOW, 0),))
    for number in range(10_001):
        refusals.remember(b"Bearer %d" % number, "GET", told)
    assert refusals.recall(b"Bearer 0", "GET") is None
    assert refusals.recall(b"Bearer 10000", "GET") is not None
    assert b"Bearer" not in str(list(refusals._until)).encode()
