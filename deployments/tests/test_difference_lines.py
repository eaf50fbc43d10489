"""Differences between two trees: the right files, patches that another program can apply, bounded in time and size."""

import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import differences
from deployments.contents import digest_of
from deployments.differences import difference


def entries(tree, executables=()):
    return [
        {"path": path, "digest": digest_of(data), "size": len(data), "executable": path in executables}
        for path, data in sorted(tree.items())
    ]


def between(before, after, *, was=(), now=()):
    stored = {digest_of(data): data for data in (*before.values(), *after.values())}
    return difference(entries(before, was), entries(after, now), stored.__getitem__)


def only(before, after, **more):
    (change,) = between(before, after, **more).changes
    return change


def test_it_tells_what_happened_to_each_file():
    """Added, removed, changed, renamed, made runnable; what is alike is not told."""
    found = between(
        {"same": b"s", "gone": b"g", "text": b"a\nb\n", "old/name": b"moved", "run": b"#!"},
        {"same": b"s", "new": b"n\n", "text": b"a\nc\n", "new/name": b"moved", "run": b"#!"},
        now=("run",),
    )
    told = {change.path: (str(change.effect), change.old_path) for change in found.changes}
    assert told == {
        "gone": ("removed", ""),
        "new": ("added", ""),
        "text": ("modified", ""),
        "new/name": ("renamed", "old/name"),
        "run": ("mode", ""),
    }
    assert found.counts == {"added": 1, "removed": 1, "modified": 1, "renamed": 1, "mode": 1}
    assert (found.added_lines, found.removed_lines) == (2, 2)


def test_a_patch_is_a_unified_diff():
    """With three lines around, and a word where the last line has no end."""
    before = b"".join(b"%d\n" % number for number in range(1, 21))
    after = before.replace(b"10\n", b"ten\n") + b"end"
    assert only({"f": before}, {"f": after}).patch == (
        "--- a/f\n+++ b/f\n@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n"
        "@@ -18,3 +18,4 @@\n 18\n 19\n 20\n+end\n\\ No newline at end of file\n"
    )
    assert only({}, {"f": b"x\n"}).patch == "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+x\n"
    assert only({"f": b"x\n"}, {}).patch == "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "long line", "\r", "é"]), max_size=25)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS)
def test_patches_apply(tmp_path_factory, before, after):
    """`git apply` makes the new text from the old one, byte for byte."""
    old, new = before.encode(), after.encode()
    if old == new or not old or not new:
        return
    folder = tmp_path_factory.mktemp("apply")
    (folder / "f").write_bytes(old)
    patch = only({"f": old}, {"f": new}).patch.encode()
    done = subprocess.run(
        ["git", "apply", "--unidiff-zero", "-"], cwd=folder, input=patch, capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr, patch)
    assert (folder / "f").read_bytes() == new


def test_what_is_no_text_is_not_compared():
    """Binary by a NUL or by not being UTF-8; too large; empty."""
    assert only({"f": b"a\0b"}, {"f": b"a"}).omitted == "binary"
    assert only({}, {"f": b"\xff\xfe"}).omitted == "binary"
    assert only({}, {"f": b""}).omitted == "empty"
    large = b"x" * (differences.MOST_TEXT_BYTES + 1)
    assert only({"f": large}, {"f": b"a"}).omitted == "too large to compare"


def many(shape, count=6_000):
    return ("\n".join(shape(number) for number in range(count)) + "\n").encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (many(lambda number: "x"), many(lambda number: "x y"[number % 3])),
        (many(lambda number: f"{number % 60}"), many(lambda number: f"{number % 59}")),
        (many(lambda number: f"{number}"), many(lambda number: f"{6_000 - number}")),
        (many(lambda number: f"{number % 2}"), many(lambda number: f"{(number + 1) % 2}")),
    ],
)
def test_texts_made_to_be_slow_are_not(before, after):
    """Lines that repeat without end, and lines turned round."""
    begin = time.monotonic()
    assert only({"f": before}, {"f": after}).added_lines > 0
    assert time.monotonic() - begin < 15


def test_the_whole_is_bounded():
    """Many files are listed, the first of them with lines; a patch that is too long is left out, its lines counted."""
    tree = {f"{number:04}": b"line %d\n" % number for number in range(1_000)}
    found = between({}, tree)
    assert len(found.changes) == 1_000
    assert sum(1 for change in found.changes if change.patch) == differences.MOST_COMPARED
    assert found.changes[-1].omitted == "too many changes to show"
    long = only({}, {"f": many(lambda number: "y" * 60)})
    assert (long.patch, long.omitted, long.added_lines) == ("", "too many lines to show", 6_000)
    texts = {f"{number}": many(lambda number: "z" * 70, 1_000) for number in range(20)}
    assert sum(len(change.patch) for change in between({}, texts).changes) < 600_000


def test_trees_that_are_alike_have_no_difference():
    """Nothing is told, and nothing is read."""
    assert between({"a": b"1"}, {"a": b"1"}).changes == ()
