"""Every drawing is well-formed, says what it shows, takes the theme's colour and trusts no text."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miosa.drawing.bar import Bar, Interval, bars, interval_bars, stacked_bar
from miosa.drawing.sparkline import sparkline
from miosa.drawing.svg import number, spoken

SVG = "{http://www.w3.org/2000/svg}"
ANY_NUMBER = st.none() | st.floats(allow_nan=True, allow_infinity=True)
ANY_TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=60)
BAR = st.builds(Bar, ANY_TEXT, ANY_NUMBER, ANY_TEXT)
INTERVAL = st.builds(Interval, ANY_TEXT, ANY_NUMBER, ANY_NUMBER, ANY_NUMBER)


def parsed(svg):
    """The drawing as a tree, after what holds for every drawing was checked."""
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text
    assert root.get("fill") == "currentColor"
    return root


def found(root, tag):
    return root.findall(f".//{SVG}{tag}")


@given(values=st.lists(ANY_NUMBER), low=ANY_NUMBER)
def test_a_sparkline_draws_whatever_comes(values, low):
    """Missing, infinite and not-a-number values never reach a coordinate."""
    root = parsed(sparkline(values, title="t", lowest=low if low == low else None))  # noqa: PLR0124
    for shape in found(root, "circle"):
        assert 0 <= float(shape.get("cx")) <= 120
        assert 0 <= float(shape.get("cy")) <= 28


@given(rows=st.lists(BAR, max_size=8), top=st.none() | st.floats(0, 1e6))
def test_bars_stay_inside_their_drawing(rows, top):
    """No bar is longer than its track or of negative length, whatever the values are."""
    for svg in (bars(rows, title="t", largest=top), stacked_bar(rows, title="t", whole=top)):
        root = parsed(svg)
        for shape in found(root, "rect"):
            assert float(shape.get("width")) >= 0
            assert float(shape.get("x")) + float(shape.get("width")) <= float(root.get("width")) + 0.05


@given(rows=st.lists(INTERVAL, max_size=8))
def test_intervals_stay_inside_their_drawing(rows):
    """Interval bars are cut at the ends of their scale, in either order of low and high."""
    root = parsed(interval_bars(rows, title="t"))
    for shape in found(root, "rect"):
        assert float(shape.get("width")) >= 0
        assert float(shape.get("x")) >= -2


@pytest.mark.parametrize("draw", [bars, stacked_bar, interval_bars, sparkline])
def test_nothing_to_draw_says_so(draw):
    """An empty drawing is still a drawing, and tells that it has no data."""
    assert parsed(draw([], title="Spend"))[0].text == "Spend: no data"


@pytest.mark.parametrize(
    "svg",
    [
        bars([Bar("<script>", 1, "<b>&")], title="<script>alert('x')</script>"),
        stacked_bar([Bar('"><script>', 1)], title="x</title><script>"),
        interval_bars([Interval("<script>" * 9, 0, 0, 1)], title="<script>"),
        sparkline([1, 2], title="<script>"),
    ],
)
def test_texts_are_escaped(svg):
    """Names come from people and models: none of them becomes markup."""
    assert "<script" not in svg
    assert "<b>" not in svg
    parsed(svg)


def test_templates_need_no_filter():
    """The drawing is marked as safe HTML, since everything in it was escaped."""
    assert sparkline([1], title="t").__html__() == sparkline([1], title="t")


def test_a_sparkline_rises_with_its_values():
    """The biggest value is at the top (small y), the last one carries the dot."""
    root = parsed(sparkline([1, 3, 2], title="Rate"))
    line = found(root, "path")[-1].get("d")
    assert line == "M3 25L60 3L117 14"
    [dot] = found(root, "circle")
    assert (dot.get("cx"), dot.get("cy")) == ("117", "14")
    assert root[0].text == "Rate: last 2, lowest 1, highest 3"


def test_a_gap_in_the_values_is_a_gap_in_the_line():
    """Two stretches, two lines: nothing is invented between them."""
    root = parsed(sparkline([1, 2, None, 3, 4], title="t"))
    lines = [path for path in found(root, "path") if path.get("stroke")]
    assert len(lines) == 2


def test_a_fixed_scale_keeps_rates_comparable():
    """0.5 of 0 to 1 is drawn in the middle, whatever the other values are."""
    root = parsed(sparkline([0.5], title="t", lowest=0, highest=1))
    assert found(root, "circle")[0].get("cy") == "14"


def test_bar_lengths_are_in_proportion():
    """Half the value is half the bar; the description says the numbers."""
    root = parsed(bars([Bar("a", 2), Bar("b", 1)], title="t"))
    full, half = [float(found(root, "rect")[place].get("width")) for place in (1, 3)]
    assert half == pytest.approx(full / 2)
    assert found(root, "desc")[0].text == "a 2, b 1"


def test_the_parts_of_a_sum_fill_their_share():
    """Three quarters of the whole leave a quarter of the track empty."""
    root = parsed(stacked_bar([Bar("fit", 0.5), Bar("cost", 0.25)], title="t", whole=1, width=400))
    track, fit, cost = found(root, "rect")[:3]
    assert [float(shape.get("width")) for shape in (track, fit, cost)] == [400, 198.5, 98.5]
    assert fit.get("opacity") != cost.get("opacity")
    assert "fit 0.5" in "".join(root.itertext())


def test_long_labels_are_shortened_but_stay_readable():
    """The whole text is there under the pointer and for readers."""
    long = "a model with quite an unreasonably long name"
    root = parsed(bars([Bar(long, 1)], title="t"))
    label = found(root, "text")[0]
    assert label[0].text == long
    assert label[0].tail == "a model with quite an…"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-0.001, "0"), (1.5, "1.5"), (100, "100"), (2.345, "2.35"), (-3.0, "-3")]
)
def test_coordinates_are_short(value, text):
    """Two decimals at most, no needless zeros, no minus zero."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (float("nan"), "–"), (0.12345, "0.123"), (12345.6, "12,346")]
)
def test_values_are_spoken_briefly(value, text):
    """Three digits are enough beside a drawing."""
    assert spoken(value) == text
