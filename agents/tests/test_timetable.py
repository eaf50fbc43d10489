"""When something is due, also on the two days of a year on which clocks are put forward and back."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import timetable
from agents.timetable import Interval, NoSuchTime

BERLIN = "Europe/Berlin"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def local(expression, after, *, most=4, zone=BERLIN):
    when = timetable.cron(expression, zone)
    return [f"{due.astimezone(when.zone):%d %H:%M%z}" for due in timetable.upcoming(when, after, most=most)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 6 * * *", ["02 06:30+0100", "03 06:30+0100"]),
        ("0 9 * * mon-fri", ["02 09:00+0100", "03 09:00+0100"]),
        ("0 9 * * 7", ["08 09:00+0100", "15 09:00+0100"]),
        ("0 9 15 * wed", ["04 09:00+0100", "11 09:00+0100", "15 09:00+0100"]),
        ("*/20 13 * * *", ["01 13:20+0100", "01 13:40+0100", "02 13:00+0100"]),
        ("0 0 1 apr,jun *", ["01 00:00+0200", "01 00:00+0200"]),
        ("@weekly", ["08 00:00+0100", "15 00:00+0100"]),
        ("0 22-1 * * *", ["01 22:00+0100", "01 23:00+0100", "02 00:00+0100", "02 01:00+0100"]),
    ],
)
def test_cron_is_read_as_cron_has_it(expression, expected):
    """Names, ranges, steps and lists; of two fields of days one is enough."""
    assert local(expression, NOON, most=len(expected)) == expected


def test_a_time_that_does_not_exist_is_due_after_the_jump():
    """On 29 March 2026 there is no 02:30 in Berlin: it is due once, at 03:30, and at 02:30 again the day after."""
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert local("30 2 * * *", before, most=2) == ["29 03:30+0200", "30 02:30+0200"]
    assert local("30 * * * *", datetime(2026, 3, 29, 0, tzinfo=UTC), most=2) == [
        "29 01:30+0100",
        "29 03:30+0200",
    ]


def test_a_time_that_occurs_twice_is_due_once_and_what_is_hourly_stays_hourly():
    """On 25 October 2026 Berlin has 02:30 twice."""
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert local("30 2 * * *", before, most=2) == ["25 02:30+0200", "26 02:30+0100"]
    hourly = local("30 * * * *", datetime(2026, 10, 25, 0, tzinfo=UTC), most=3)
    assert hourly == ["25 02:30+0200", "25 02:30+0100", "25 03:30+0100"]


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"])
def test_every_quarter_of_an_hour_is_a_quarter_of_an_hour_in_every_zone(zone):
    """Over a whole year there is neither a gap nor a double; also where clocks move by half an hour."""
    when = timetable.cron("*/15 * * * *", zone)
    for start in (datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 9, 30, tzinfo=UTC)):
        dues = timetable.upcoming(when, start, most=4 * 24 * 32)
        assert {later - due for due, later in itertools.pairwise(dues)} == {timedelta(minutes=15)}


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  the strategy adds the zone
def test_a_daily_time_is_due_each_day_once(moment):
    """Whatever the day: the next due time lies within 25 hours, and the one after it on the following day."""
    when = timetable.cron("30 2 * * *", BERLIN)
    first, second = timetable.upcoming(when, moment, most=2)
    assert timedelta(0) < first - moment <= timedelta(hours=25)
    days = [due.astimezone(when.zone).date() for due in (first, second)]
    assert days[1] - days[0] == timedelta(days=1)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("* * *", "has 3 fields and needs five"),
        ("61 * * * *", "beyond 0 to 59, the range of minute"),
        ("* * 0 * *", "range of day of the month"),
        ("mon * * * *", "cannot be read as minute"),
        ("0 0 * * fry", "cannot be read as day of the week"),
        ("*/0 * * * *", "no value, range or step"),
        ("*/5-3 * * * *", "no value, range or step"),
        ("1,,2 * * * *", "nothing beside a comma"),
        ("0 0 31 2,4 *", "a day that no month has"),
        ("0 0 30 feb *", "a day that no month has"),
        ("\N{FULLWIDTH DIGIT ONE} * * * *", "cannot be read as minute"),
        ("\N{ARABIC-INDIC DIGIT ONE} * * * *", "cannot be read as minute"),
        ("0 0 * * \N{LATIN SMALL LETTER LONG S}un", "cannot be read as day of the week"),
        ("-1 * * * *", "cannot be read as minute"),
        ("1e1 * * * *", "cannot be read as minute"),
        ("999999999999 * * * *", "cannot be read as minute"),
        ("*/100 * * * *", "no value, range or step"),
        ("*" * 10_000, "has 1 fields and needs five"),
        ("* " * 5_000, "has 5000 fields and needs five"),
        ("1-" * 5_000 + " * * * *", "no value, range or step"),
        ("(" * 5_000 + " * * * *", "no value, range or step"),
        ("0 0 * * \0", "cannot be read as day of the week"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_field(expression, said):
    """The message names the field, and what it may be."""
    with pytest.raises(NoSuchTime, match=said):
        timetable.cron(expression, BERLIN)


def test_the_rarest_day_is_found():
    """29 February on a Sunday, as `*/7` asks for it: the two fields are both to match, and a century may lie between."""
    found = timetable.upcoming(timetable.cron("0 0 29 2 */7", "UTC"), NOON, most=4)
    assert [due.year for due in found] == [2032, 2060, 2088, 2128]


def test_counting_what_was_missed_lays_out_each_day_once():
    """A month of minutes was missed: a worker that fires it holds its row, and may not think about it for long."""
    now = NOON + timedelta(days=30)
    timetable._dues.cache_clear()
    found = timetable.passed(timetable.cron("* * * * *", BERLIN), NOON, now)
    assert (found.last, found.late, found.number) == (now, False, timetable.MOST_COUNTED + 2)
    assert timetable._dues.cache_info().misses <= 6


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "\0", "a" * 300])
def test_what_is_no_zone_is_told(name):
    """Nothing but names of the IANA database."""
    with pytest.raises(NoSuchTime, match="no time zone"):
        timetable.zone_named(name)


def test_an_interval_keeps_its_beat():
    """What is noticed late does not shift what follows."""
    when = Interval(60, NOON)
    assert when.after(NOON) == NOON + timedelta(seconds=60)
    assert when.after(NOON + timedelta(seconds=130)) == NOON + timedelta(seconds=180)


@pytest.mark.parametrize(
    ("late_s", "last_s", "late", "number"),
    [(0, 0, False, 1), (59, 0, False, 1), (61, 60, False, 2), (3_605, 3_600, False, 61)],
)
def test_what_has_passed_is_counted(late_s, last_s, late, number):
    """One row stands for all due times that have passed, and the last one of them is it."""
    when, now = Interval(60, NOON), NOON + timedelta(seconds=late_s)
    found = timetable.passed(when, NOON, now)
    assert found == timetable.Passed(NOON + timedelta(seconds=last_s), late=late, number=number)


def test_what_was_noticed_too_late_is_late():
    """A daily time that is noticed two days and an hour later was missed, three times."""
    now = NOON + timedelta(days=2, hours=1)
    assert timetable.passed(Interval(86_400, NOON), NOON, now) == timetable.Passed(NOON, late=True, number=3)
