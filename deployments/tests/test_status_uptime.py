"""Uptime from what was seen: outages, days, shares; nothing is claimed of what nobody saw."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.pages.picture import look_of, share_told, span_told
from deployments.pages.uptime import Outage, Seen, outages_of, uptime

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(*hours_ago_and_up):
    return [Seen(NOW - HOUR * hours, up) for hours, up in hours_ago_and_up]


def test_it_works():
    """Ten days known, six hours down yesterday: one outage, one red day, 97.5 %."""
    found = uptime(seen((240, True), (30, False), (24, True)), now=NOW, days=30)
    assert found.outages == (Outage(NOW - 30 * HOUR, NOW - 24 * HOUR),)
    assert found.share == pytest.approx(1 - 6 / 240)
    assert [look_of(day) for day in found.days][:19] == ["none"] * 19
    assert [look_of(day) for day in found.days][-2:] == ["bad", "good"]


def test_nothing_seen_is_nothing_claimed():
    """Without a look there is no share and no coloured day."""
    found = uptime([], now=NOW)
    assert (found.share, share_told(found.share)) == (None, "–")
    assert {look_of(day) for day in found.days} == {"none"}


def test_an_outage_that_lasts_counts_until_now():
    """It has no end, and its time grows."""
    found = uptime(seen((48, True), (2, False), (1, False)), now=NOW)
    assert found.outages == (Outage(NOW - 2 * HOUR, None),)
    assert sum((day.down for day in found.days), timedelta()) == 2 * HOUR


def test_a_share_is_never_rounded_up_to_a_whole():
    """One second of ninety days is not 100 %, however near."""
    assert share_told(1 - 1e-7) == "99.999 %"
    assert share_told(1.0) == "100 %"
    assert share_told(0.5) == "50 %"


def test_spans_are_told_with_two_units():
    """Days and hours, minutes and seconds, and nothing is 0 s."""
    told = [
        span_told(timedelta(seconds=count)).replace("\N{NO-BREAK SPACE}", " ")
        for count in (0, 59, 3_661, 266_400)
    ]
    assert told == ["0 s", "59 s", "1 h 1 min", "3 d 2 h"]


@given(st.lists(st.tuples(st.floats(0, 3000), st.booleans()), max_size=30))
def test_no_history_breaks_it(history):
    """Shares lie between 0 and 1, outages do not overlap, and known time is never more than there was."""
    moments = sorted(seen(*history), key=lambda one: one.at)
    found = uptime(moments, now=NOW)
    assert found.share is None or 0 <= found.share <= 1
    assert all(timedelta() <= day.down <= day.known <= timedelta(days=1) for day in found.days)
    outages = outages_of(moments)
    assert all(one.end <= later.start for one, later in pairwise(outages))  # type: ignore[operator]
