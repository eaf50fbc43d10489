"""Server-sent events: what is framed here is read back the same by any client of the standard."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miosa.http import event_stream as sse
from miosa.http.problem import BadParameter

LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def read(wire):
    return list(sse.read_events(wire.decode().split("\n")))


def test_a_frame_is_spelled_as_the_standard_says():
    """Fields in order, one `data:` for each line, an empty line at the end."""
    assert sse.frame("a\nb", event="step", id=7) == b"id: 7\nevent: step\ndata: a\ndata: b\n\n"


def test_what_is_not_text_is_json():
    """One line of compact JSON, not escaped beyond need."""
    assert sse.frame({"state": "done", "who": "Zoë"}) == 'data: {"state":"done","who":"Zoë"}\n\n'.encode()


def test_event_number_zero_is_an_id():
    """0 is a number like any other, only None and the empty text are no id."""
    assert sse.frame("x", id=0).startswith(b"id: 0\n")


@given(data=TEXT, event=LINE, name=LINE)
def test_every_text_comes_back_as_it_went(data, event, name):
    """Any data, name and id survive the wire; line ends become \\n, as the standard reads them."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert read(sse.frame(data, event=event, id=name)) == [sse.Event(lines, event, name)]


@given(value=st.recursive(st.none() | st.integers() | TEXT, st.lists))
def test_every_json_value_comes_back(value):
    """Whatever JSON says arrives as the same value, text as text."""
    [event] = read(sse.frame(json.dumps(value)))
    assert json.loads(event.data) == value


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
def test_ids_and_names_cannot_smuggle_lines(bad):
    """A name with a line end would forge another field."""
    with pytest.raises(ValueError, match="one line"):
        sse.frame("x", event=bad)
    with pytest.raises(ValueError, match="one line"):
        sse.frame("x", id=bad)


def test_heartbeats_comments_and_retry_are_no_events():
    """Clients pass over them, also when a comment has several lines."""
    wire = sse.HEARTBEAT + sse.comment("a\ndata: forged") + sse.retry_after(1500) + sse.frame("x")
    assert read(wire) == [sse.Event("x")]
    assert b"retry: 1500\n\n" in wire


def test_the_last_id_stays_until_another_comes():
    """An event without an id still tells where to resume."""
    wire = sse.frame("a", id=1) + sse.frame("b") + sse.frame("c", id=2)
    assert [event.id for event in read(wire)] == ["1", "1", "2"]


@pytest.mark.parametrize(
    ("headers", "number"), [({}, 0), ({"Last-Event-ID": ""}, 0), ({"Last-Event-ID": " 42 "}, 42)]
)
def test_the_stream_resumes_where_the_client_stopped(headers, number):
    """No header means from the start."""
    assert sse.last_event_id(headers) == number


@pytest.mark.parametrize("text", ["-1", "1.5", "abc", "٣", "9" * 19, "1;drop"])
def test_a_strange_last_event_id_is_refused(text):
    """It is told which header was wrong."""
    with pytest.raises(BadParameter) as refused:
        sse.last_event_id({"Last-Event-ID": text})
    assert refused.value.extensions == {"parameter": "Last-Event-ID"}


def test_the_response_is_neither_cached_nor_buffered():
    """Proxies pass every frame on at once."""
    response = sse.stream_response(iter([sse.HEARTBEAT, sse.frame("x")]))
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert (response["Cache-Control"], response["X-Accel-Buffering"]) == ("no-store", "no")
    assert response.getvalue() == b": heartbeat\n\ndata: x\n\n"
