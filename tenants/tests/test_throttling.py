"""Token buckets: exact, together, the same in Valkey and in one process, and never away."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from redis import Redis
from redis.exceptions import ConnectionError as Refused

from miosa.embedded.server import free_port
from miosa.limits_environment import Rate
from tenants.cache_keys import prefix
from tenants.throttling import in_valkey
from tenants.throttling.bucket import MICROS, Bucket
from tenants.throttling.deciding import Decider
from tenants.throttling.in_process import ProcessBuckets

SLOW = Rate(3, 3600, 3)
OWN = ProcessBuckets()
rates = st.builds(
    lambda limit, window_s, burst: Rate(limit, window_s, min(limit, burst)),
    st.integers(1, 1000),
    st.sampled_from([1, 60, 3600]),
    st.integers(1, 1000),
)


def bucket(rate_=SLOW, policy="tenant"):
    return Bucket(policy, f"test:rate:{uuid4().hex}", rate_)


@pytest.fixture
def valkey():
    return Redis.from_url(settings.ENVIRONMENT.redis_url)


@pytest.mark.parametrize("decide", [in_valkey.decide, lambda some: OWN.decide(some, now_us=0)])
def test_it_gives_a_burst_and_no_more(decide):
    """A full bucket lets in its burst; then nothing until the next request has grown."""
    one = bucket()
    verdicts = [decide([one]) for _ in range(5)]
    assert [verdict.let_in for verdict in verdicts] == [True] * 3 + [False] * 2
    assert [verdict.levels[0].left for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert 1190 * MICROS < verdicts[-1].wait_us <= 1200 * MICROS


@pytest.mark.parametrize("decide", [in_valkey.decide, lambda some: OWN.decide(some, now_us=0)])
def test_every_bucket_gives_or_none_does(decide):
    """What one bucket refuses costs the others nothing."""
    wide, narrow = bucket(Rate(10, 3600, 10)), bucket(Rate(2, 3600, 2))
    assert [decide([wide, narrow]).let_in for _ in range(6)] == [True, True] + [False] * 4
    assert decide([wide]).levels[0].left == 7


@pytest.mark.parametrize("workers", [1, 32])
def test_many_at_once_get_exactly_the_burst(workers):
    """200 requests at once for 50: 50 are let in."""
    one = bucket(Rate(50, 3600, 50))
    with ThreadPoolExecutor(workers) as pool:
        let_in = list(pool.map(lambda _: in_valkey.decide([one]).let_in, range(200)))
    assert sum(let_in) == 50


@given(rate_=rates, steps=st.lists(st.integers(0, 5_000_000), min_size=1, max_size=60))
def test_it_never_lets_in_more_than_burst_and_refill(rate_, steps):
    """In whole numbers: at every moment the number let in is at most burst + what has grown since the start."""
    own, one, now_us, let_in = ProcessBuckets(), bucket(rate_), 0, 0
    for step in steps:
        now_us += step
        let_in += own.decide([one], now_us=now_us).let_in
        assert let_in <= rate_.burst + now_us * rate_.limit // (rate_.window_s * MICROS)


@given(rate_=rates, number=st.integers(1, 40))
def test_who_waits_as_told_is_let_in(rate_, number):
    """The wait is enough to the microsecond, and one microsecond less is not."""
    own, one, now_us = ProcessBuckets(), bucket(rate_), 0
    while (verdict := own.decide([one], now_us=now_us)).let_in:
        pass
    for _ in range(number):
        assert not own.decide([one], now_us=now_us + verdict.wait_us - 1).let_in
        now_us += verdict.wait_us
        assert own.decide([one], now_us=now_us).let_in
        verdict = own.decide([one], now_us=now_us)


@examples(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(rate_=rates, level=st.integers(0, 10**15), passed_us=st.integers(0, 10**11))
def test_valkey_counts_as_we_do(rate_, level, passed_us, valkey):
    """The script's arithmetic is exact: from any level, after any time, it is ours to the last share."""
    one = bucket(rate_)
    level = min(level, one.capacity)
    seconds, micros = valkey.time()
    then_us = seconds * MICROS + micros - passed_us
    valkey.set(one.key, f"{level} {then_us}")
    verdict = in_valkey.decide([one])
    kept = valkey.get(one.key).decode().split()
    now_us = int(kept[1]) if verdict.let_in else then_us + passed_us
    expected = one.after(level, now_us - then_us)
    if verdict.let_in:
        assert int(kept[0]) == expected - one.share
    else:
        assert expected < one.share
    assert valkey.pttl(one.key) < rate_.window_s * 1000 + 2


def test_a_full_bucket_leaves_no_key(valkey):
    """Every key expires when its bucket would be full."""
    one = bucket(Rate(1000, 1, 1))
    in_valkey.decide([one])
    assert valkey.pttl(one.key) <= 2


class Broken:
    """Stands at the seam to Valkey, and answers or not as it is told."""

    def __init__(self):
        self.away, self.asked = True, 0

    def __call__(self, buckets):
        self.asked += 1
        if self.away:
            raise Refused("no route")
        return in_valkey.decide(buckets)


def test_without_valkey_the_process_decides_with_the_same_numbers(caplog):
    """No error, never unlimited, told once, asked again at most once a second, and healed by itself."""
    now_s = [100.0]
    shared = Broken()
    decider = Decider(shared, clock_s=lambda: now_s[0])
    one = bucket()
    with caplog.at_level(logging.WARNING):
        assert [decider.decide([one]).let_in for _ in range(5)] == [True] * 3 + [False] * 2
        assert (shared.asked, decider.alone) == (1, True)
        now_s[0] += 1.0
        assert not decider.decide([one]).let_in
        assert shared.asked == 2
        assert len(caplog.records) == 1
        shared.away = False
        now_s[0] += 1.0
        assert decider.decide([one]).let_in
        assert not decider.alone
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "Valkey does not answer (ConnectionError)",
        "Valkey answers again",
    ]


def test_it_mentions_an_absent_valkey_again_after_a_while(caplog):
    """A line in thirty seconds, however many requests."""
    now_s = [0.0]
    decider = Decider(Broken(), clock_s=lambda: now_s[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(90):
            decider.decide([bucket()])
            now_s[0] += 1.0
    assert len(caplog.records) == 3


def test_many_threads_without_valkey_get_exactly_the_burst():
    """The process's own buckets hold under concurrency, and one thread at a time looks for Valkey."""
    shared, one = Broken(), bucket(Rate(50, 3600, 50))
    decider = Decider(shared, clock_s=lambda: 0.0)
    started = threading.Barrier(16)

    def ask(_):
        started.wait()
        return sum(decider.decide([one]).let_in for _ in range(20))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(16))) == 50
    assert shared.asked <= 16


def test_the_process_forgets_the_oldest():
    """Its memory is bounded, whoever asks."""
    own = ProcessBuckets()
    for number in range(20_050):
        own.decide([Bucket("address", f"k{number}", SLOW)], now_us=number)
    assert len(own._kept) == 20_000


def test_a_valkey_that_is_not_there_is_told_as_such():
    """A refused connection is what the decider waits for, and not an error that nobody foresaw."""
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    in_valkey.script.cache_clear()
    try:
        with pytest.raises(in_valkey.Unreachable):
            in_valkey.decide([bucket()])
        assert Decider().decide([bucket()]).let_in
    finally:
        settings.ENVIRONMENT = before
        in_valkey.script.cache_clear()
    assert in_valkey.decide([bucket()]).let_in


def test_many_are_taken_at_once_or_none():
    """A bucket of five gives three at once, refuses three more, and gives the two that are left."""
    key = f"{prefix(uuid4())}rate:many"
    rate = Rate(5, 3600, 5)
    for ask in (in_valkey.decide, lambda buckets: ProcessBuckets().decide(buckets, now_us=0)):
        assert ask([Bucket("tokens", f"{key}:{ask}", rate, count=3)]).let_in
    taken = [in_valkey.decide([Bucket("tokens", key, rate, count=count)]) for count in (3, 3, 2, 1)]
    assert [verdict.let_in for verdict in taken] == [True, False, True, False]
    assert taken[1].emptied
