"""The event stream parser: every cut of the bytes, every framing in use, and what it refuses."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.contract import BrokenAnswer
from routing.providers.sse import MAX_EVENT_BYTES, MAX_EVENT_LINES, documents

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _cut(content: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(edges)]


@given(
    sent=st.lists(values.map(lambda value: {"v": value}), max_size=5),
    places=st.lists(st.integers(0, 10_000), max_size=20),
    end=st.sampled_from(["\n", "\r\n"]),
    gap=st.integers(1, 3),
    space=st.booleans(),
)
def test_any_cut_of_any_framing_gives_the_same_documents(sent, places, end, gap, space):
    """Cut anywhere, also inside a character; LF or CRLF; empty lines or none; a space after the colon or not."""
    lines = [
        f"data:{' ' if space else ''}{json.dumps(document, ensure_ascii=False)}{end * gap}"
        for document in sent
    ]
    content = "".join([*lines, "data: [DONE]", end]).encode()
    assert list(documents(_cut(content, places))) == sent


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_characters_that_look_like_line_ends_are_text(separator):
    """JSON may hold them as they are (control characters escaped); the event must not be cut there."""
    document = {"text": f"a{separator}b"}
    content = f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode()
    assert list(documents([content])) == [document]


def test_comments_other_fields_and_what_follows_done_are_skipped():
    """Keep-alive comments, ids and retry hints are no data; after [DONE] nothing is read."""
    content = b': ping\n\nid: 7\nretry: 10\ndata: {"a": 1}\n\n: ping\n\ndata: [DONE]\n\ndata: nonsense\n\n'
    assert list(documents([content])) == [{"a": 1}]


def test_a_document_spread_over_lines_is_one():
    """Some servers print their JSON prettily, one data line per line of it."""
    assert list(documents([b'data: {\ndata:   "a": 1\ndata: }\n\n'])) == [{"a": 1}]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_error_event_is_an_error_document(end):
    """`event: error` names the kind beside the data: it must not pass for a chunk."""
    lines = [b"event: error", b'data: {"message": "no"}', b"", b'data: {"a": 1}', b"", b""]
    assert list(documents([end.join(lines)])) == [{"error": {"message": "no"}}, {"a": 1}]


def test_an_unfinished_last_line_counts_when_it_is_whole():
    """The connection may end without a last line end."""
    assert list(documents([b'data: {"a": 1}'])) == [{"a": 1}]


@pytest.mark.parametrize(
    "content",
    [
        b'data: {"a": \n\n',
        b'data: {"a": ',
        b"data: \xff\xfe\n\n",
        b"data: nothing\n\ndata: {}\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
)
def test_what_is_no_json_is_refused(content):
    """Half a document, wrong bytes, plain words and bottomless nesting all raise BrokenAnswer."""
    with pytest.raises(BrokenAnswer, match="chunk"):
        list(documents([content]))


def test_an_endless_event_is_refused():
    """Neither one endless line nor endlessly many lines fill the memory."""
    with pytest.raises(BrokenAnswer, match="bytes"):
        list(documents(b"x" * 100_000 for _ in range(MAX_EVENT_BYTES // 100_000 + 2)))
    with pytest.raises(BrokenAnswer, match="lines"):
        list(documents([b"data: [\n" * (MAX_EVENT_LINES + 1)]))
