"""Lines with their intervals, shares of a whole and the reliability diagram: well-formed, inside, and right."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miosa.drawing.plot import steps
from miosa.drawing.reliability import Met, reliability_diagram
from miosa.drawing.series import Known, series
from miosa.drawing.shares import Whole, stacked_columns, stacked_rows

SVG = "{http://www.w3.org/2000/svg}"
ANY_NUMBER = st.none() | st.floats(allow_nan=True, allow_infinity=True)
NUMBER = st.floats(allow_nan=True, allow_infinity=True)
NAME = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=40)
TWO = st.tuples(NUMBER, NUMBER)


def parsed(svg):
    """The drawing as a tree, after what holds for every drawing was checked."""
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text
    for shape in root.iter():
        for name in ("x", "y", "cx", "cy", "width", "height", "r"):
            if shape.get(name):
                assert -40 < float(shape.get(name)) < 4000, (shape.tag, name, shape.get(name))
    return root


def found(root, tag):
    return root.findall(f".//{SVG}{tag}")


def inside(root):
    """Every rectangle and dot lies within the drawing."""
    wide, high = float(root.get("width")), float(root.get("height"))
    for box in found(root, "rect"):
        assert float(box.get("x")) + float(box.get("width")) <= wide + 0.1
        assert float(box.get("y")) + float(box.get("height")) <= high + 0.1
    for dot in found(root, "circle"):
        assert 0 <= float(dot.get("cx")) <= wide
        assert 0 <= float(dot.get("cy")) <= high


def test_it_works():
    """A rate that falls from 1 to 0 goes from the top of the plot to its bottom, with one band around it."""
    root = parsed(
        series(
            [Known(1, 0.8, 1), Known(0, 0, 0.2)],
            labels=["1 May", "2 May"],
            title="Rate",
            highest=1,
            height=130,
        )
    )
    first, last = found(root, "circle")
    assert (first.get("cy"), last.get("cy")) == ("8", "106")
    band, line = found(root, "path")
    assert band.get("d").endswith("Z")
    assert line.get("stroke") == "currentColor"
    assert root[0].text == "Rate: last 0, lowest 0, highest 1"
    assert found(root, "circle")[0][0].text == "1 May: 1 (0.8 to 1)"


@given(values=st.lists(st.builds(Known, ANY_NUMBER, ANY_NUMBER, ANY_NUMBER, st.just("")), max_size=31))
def test_a_line_stays_inside_whatever_comes(values):
    """Missing, infinite and not-a-number values and intervals never reach a coordinate."""
    inside(parsed(series(values, labels=["1 May"] * len(values), title="t")))
    inside(parsed(series(values, labels=["1 May"] * len(values), title="t", highest=1)))


@given(amounts=st.lists(TWO, max_size=31))
def test_shares_stay_inside_whatever_comes(amounts):
    """Negative, endless and missing amounts count as nothing."""
    wholes = [Whole("1 May", pair) for pair in amounts]
    for draw in (stacked_columns, stacked_rows):
        inside(parsed(draw(wholes, names=("a", "b"), title="t")))
    for whole in wholes:
        assert sum(whole.shares) == pytest.approx(1) or sum(whole.shares) == 0


@given(points=st.lists(st.builds(Met, NUMBER, NUMBER, NUMBER, NUMBER, st.integers(-1, 10**9)), max_size=12))
def test_a_reliability_diagram_stays_inside_whatever_comes(points):
    """Chances and rates outside of 0 to 1 are drawn at the edge; what is no number is left out."""
    inside(parsed(reliability_diagram(points, title="t")))


def test_a_gap_in_time_is_a_gap_in_line_and_band():
    """A day without requests is not drawn as if something were known of it."""
    points = [Known(0.5, 0.4, 0.6), Known(0.5, 0.4, 0.6), Known(None), Known(0.5, 0.4, 0.6)]
    root = parsed(series(points, labels=list("abcd"), title="t", highest=1))
    assert [path.get("fill") for path in found(root, "path")].count("none") == 1  # one line, of two points
    assert len(found(root, "path")) == 3  # and a band for each stretch
    assert len(found(root, "circle")) == 3


def test_few_requests_make_a_wide_band():
    """The band's height follows the interval."""

    def height(low, high):
        root = parsed(series([Known(0.5, low, high)], labels=["a"], title="t", highest=1))
        path = found(root, "path")[0].get("d")
        ys = [float(pair.split()[1]) for pair in path.strip("MZ").split("L")]
        return max(ys) - min(ys)

    assert height(0.1, 0.9) == pytest.approx(4 * height(0.4, 0.6), abs=0.1)


def test_columns_show_shares_and_not_amounts():
    """3 of 4 and 300 of 400 are drawn alike."""
    root = parsed(stacked_columns([Whole("a", (3, 1)), Whole("b", (300, 100))], names=("x", "y"), title="t"))
    parts = [box for box in found(root, "rect") if box.find(f"{SVG}title") is not None]
    assert [part.get("height") for part in parts] == ["111", "37", "111", "37"]
    assert parts[0][0].text == "a: x 75% (3)"


def test_a_calibrated_point_lies_on_the_diagonal():
    """Its place to the right equals its place upwards; the whisker spans the interval."""
    root = parsed(reliability_diagram([Met(0.5, 0.5, 0.25, 0.75, 40)], title="t", side=330))
    [dot] = found(root, "circle")
    diagonal = found(root, "path")[0].get("d")
    left, bottom, right, top = map(float, diagonal.strip("M").replace("L", " ").split())
    assert float(dot.get("cx")) == pytest.approx((left + right) / 2)
    assert float(dot.get("cy")) == pytest.approx((top + bottom) / 2)
    assert dot[0].text == "50% expected, 50% right of 40 (25% to 75%)"


@pytest.mark.parametrize(
    "svg",
    [
        series([], labels=[], title="Rate"),
        series([Known(None)], labels=["a"], title="Rate"),
        stacked_columns([], names=(), title="Rate"),
        stacked_rows([Whole("a", (0, 0))], names=("x", "y"), title="Rate"),
        reliability_diagram([], title="Rate"),
    ],
)
def test_nothing_to_draw_says_so(svg):
    """An empty drawing tells that it has no data."""
    assert parsed(svg)[0].text == "Rate: no data"


def test_texts_are_escaped():
    """Names of models and agents never become markup."""
    evil = "</title><script>"
    for svg in (
        series([Known(1)], labels=[evil], title=evil),
        stacked_columns([Whole(evil, (1,))], names=(evil,), title=evil),
        stacked_rows([Whole(evil, (1,))], names=(evil,), title=evil),
    ):
        assert "<script" not in svg
        parsed(svg)


@given(most=st.floats(1e-6, 1e12))
def test_a_scale_ends_just_above_what_it_holds(most):
    """It begins at 0, has few steps, and wastes less than half of its height."""
    found_ = steps(most)
    assert found_[0] == 0
    assert most <= found_[-1] * (1 + 1e-9)
    assert found_[-1] <= 2 * most * (1 + 1e-9)
    assert 2 <= len(found_) <= 6
