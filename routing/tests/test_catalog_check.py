"""The catalogue against a price list and providers' lists: what agrees, differs, is gone, new or unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import DataSnapshot, get_snapshot, set_custom_snapshot
from genai_prices.types import ModelPrice
from hypothesis import given
from hypothesis import strategies as st

from routing.catalog import Catalog, Price, Retired
from routing.catalog_file import catalog
from routing.tests.boards import model, provider
from routing.upkeep import price_list, report
from routing.upkeep.comparison import compare
from routing.upkeep.finding import Check, Finding, Listing, Offer, PriceList, Step

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PRICE = Price(200, 800, 20, "test", NOW.date())
OURS = replace(model("maker/large-2"), price=PRICE, context_tokens=1000, max_input_tokens=900)
AGREED = Listing("maker/large-2", input_micros=200, output_micros=800, cached_micros=20, context_tokens=1000)
amounts = st.none() | st.integers(min_value=0, max_value=10**9)


def _catalog(*, ours=OURS, retired=()):
    return Catalog(providers=(provider("groq"),), models=(ours,), retired=tuple(retired))


def _check(*listings, offered=None, of=None):
    offers = [Offer("groq", dict.fromkeys(offered), asked=True, said="lists some")] if offered else []
    return compare(of or _catalog(), PriceList("prices", {one.id: one for one in listings}), offers=offers)


def _found(check: Check, fact: str) -> Finding:
    (found,) = [one for one in check.findings if one.fact == fact]
    return found


def test_it_finds_nothing_where_all_agree():
    """Same prices, same window, still served: sound; only the window in the provider's list is not told."""
    check = _check(AGREED, offered=["maker/large-2"])
    assert check.sound
    assert check.counts == {"differs": 0, "gone": 0, "new": 0, "unknown": 1, "same": 5}


@pytest.mark.parametrize(
    ("change", "fact", "percent"),
    [
        ({"input_micros": 300}, "input price", 50.0),
        ({"output_micros": 600}, "output price", -25.0),
        ({"cached_micros": 0}, "cached price", -100.0),
        ({"context_tokens": 2000}, "context window", 100.0),
    ],
)
def test_a_number_that_differs_is_told_with_both_sides(change, fact, percent):
    """Each kind of number: ours, theirs, and by how many percent theirs is above ours."""
    check = _check(replace(AGREED, **change))
    found = _found(check, fact)
    assert (found.verdict, found.theirs, found.percent) == ("differs", *change.values(), percent)
    assert not check.sound
    assert f"({percent:+.1f} %)" in "\n".join(report.as_lines(check))


def test_a_price_that_we_lack_differs_from_one_that_is_known():
    """No price here and one there is a difference without a percentage, not a model that is free."""
    check = _check(AGREED, of=_catalog(ours=replace(OURS, price=None)))
    found = _found(check, "input price")
    assert (found.verdict, found.ours, found.theirs, found.percent) == ("differs", None, 200, None)
    assert "ours none" in "\n".join(report.as_lines(check))


def test_what_the_source_does_not_know_is_unknown():
    """A model that the list lacks, and a number it leaves out: said, and no reason to fail."""
    assert [one.verdict for one in _check().findings] == ["unknown"]
    check = _check(replace(AGREED, cached_micros=None))
    assert _found(check, "cached price").verdict == "unknown"
    assert check.sound


def test_a_dearer_price_for_long_inputs_differs():
    """The catalogue holds one price: a step that its inputs can reach would go unbilled, one beyond does not matter."""
    reached = Step("input price", 500, 400)
    check = _check(replace(AGREED, steps=(reached, Step("input price", 900, 800))))
    differing = [one for one in check.findings if one.verdict == "differs"]
    assert [(one.fact, one.theirs, one.percent) for one in differing] == [
        ("input price above 500 input tokens", 400, 100.0)
    ]


def test_a_model_that_is_served_no_more_is_gone():
    """Not in its provider's list: gone, with the spelling that may have replaced it; never taken for the same."""
    found = _check(AGREED, offered=["maker/large-2.1", "speech"]).findings
    (gone,) = [one for one in found if one.model == OURS.id and one.fact == "offered"]
    assert gone.verdict == "gone"
    assert "maker/large-2.1" in gone.note
    assert {one.model for one in found if one.verdict == "new"} == {"maker/large-2.1", "speech"}


def test_a_model_marked_as_deprecated_is_gone():
    """The price list's mark counts as the provider's own word."""
    check = _check(replace(AGREED, deprecated=True))
    assert _found(check, "offered").verdict == "gone"
    assert not check.sound


def test_a_model_that_we_lack_is_new_and_no_trouble():
    """What a provider lists beyond our models, aliases and retired names is news."""
    known = replace(_catalog(retired=[Retired("old", "maker/large-2", None)]), aliases={"large": OURS.id})
    check = _check(AGREED, offered=[OURS.id, "large", "newest"], of=known)
    assert [one.model for one in check.findings if one.verdict == "new"] == ["newest"]
    assert check.sound


def test_a_retired_name_that_is_still_served_differs():
    """Retired here and listed there: one of the two is wrong."""
    known = _catalog(retired=[Retired("old", "maker/large-2", date(2026, 1, 1))])
    check = _check(AGREED, offered=[OURS.id, "old"], of=known)
    assert [(one.model, one.fact) for one in check.findings if one.verdict == "differs"] == [
        ("old", "retired")
    ]


def test_a_price_that_a_list_keeps_says_nothing_of_a_retired_name():
    """Only the mark confirms it: lists keep the prices of what is long gone."""
    known = _catalog(retired=[Retired("old", "maker/large-2", None)])
    assert _found(_check(AGREED, Listing("old"), of=known), "retired").verdict == "unknown"
    assert _found(_check(AGREED, Listing("old", deprecated=True), of=known), "retired").verdict == "same"


@given(amounts, amounts)
def test_a_verdict_follows_from_the_two_numbers(ours, theirs):
    """Whatever stands on the two sides: unknown without theirs, same when equal, else it differs by that much."""
    price = replace(PRICE, cached_micros=ours)
    check = _check(replace(AGREED, cached_micros=theirs), of=_catalog(ours=replace(OURS, price=price)))
    found = _found(check, "cached price")
    expected = "unknown" if theirs is None else "same" if ours == theirs else "differs"
    assert found.verdict == expected
    assert check.sound == (expected != "differs")
    if expected == "differs" and ours:
        assert found.percent is not None
        assert ours * (1 + found.percent / 100) == pytest.approx(theirs, abs=ours * 0.0005 + 1e-6)
    assert list(report.as_lines(check))


def test_a_terminal_is_not_obeyed():
    """A name with an escape sequence is shown without it."""
    lines = "\n".join(report.as_lines(_check(AGREED, offered=[OURS.id, "\x1b[2Jwiped"])))
    assert "wiped" in lines
    assert "\x1b" not in lines


def test_the_installed_list_knows_our_priced_models():
    """Every priced model of a provider with an address is found under its own id, with prices and a window."""
    ours = catalog()
    listings = price_list.read(ours, now=NOW).listings
    asked = [one for one in ours.models if one.price and ours.provider(one.provider).base_url]
    assert len(asked) >= 10
    for one in asked:
        listing = listings[one.id]
        assert listing.id == one.id
        assert None not in (listing.input_micros, listing.output_micros, listing.context_tokens)


def test_the_list_finds_other_spellings_by_its_own_rules():
    """A retired name that the list files under another one is found, and the other one is told."""
    check = compare(catalog(), price_list.read(catalog(), now=NOW), offers=())
    (found,) = [one for one in check.findings if one.model == "moonshotai/kimi-k2-instruct-0905"]
    assert price_list.read(catalog(), now=NOW).listings[found.model].id == "moonshotai/kimi-k2-instruct"


def test_steps_and_dollars_of_the_list_are_read():
    """A tiered price of the package becomes its base and its steps, in micro-dollars per million tokens."""
    tiered = Catalog(
        providers=(replace(provider("google"), base_url="https://generativelanguage.googleapis.com"),),
        models=(model("gemini-2.5-pro", provider="google"),),
    )
    listing = price_list.read(tiered, now=NOW).listings["gemini-2.5-pro"]
    (step,) = [one for one in listing.steps if one.fact == "input price"]
    assert step.above_tokens == 200_000
    assert listing.input_micros is not None
    assert step.micros > listing.input_micros > 100_000


@pytest.fixture
def older_list():
    """The package's data as it would be with one price changed, through its own way of replacing them."""
    bundled = get_snapshot()
    groq = next(one for one in bundled.providers if one.id == "groq")
    models = [
        replace(one, prices=ModelPrice(input_mtok=Decimal(9), output_mtok=Decimal(9)))
        if one.id == "openai/gpt-oss-20b"
        else one
        for one in groq.models
    ]
    set_custom_snapshot(DataSnapshot([replace(groq, models=models)], from_auto_update=False))
    yield
    set_custom_snapshot(None)


def test_a_changed_list_is_noticed(older_list):
    """Another price in the package's data: that model differs, the others of its provider do not."""
    check = compare(catalog(), price_list.read(catalog(), now=NOW), offers=())
    assert {one.model for one in check.findings if one.verdict == "differs"} == {"openai/gpt-oss-20b"}
    assert _found(replace(check, findings=check.findings[:4]), "input price").theirs == 9_000_000
