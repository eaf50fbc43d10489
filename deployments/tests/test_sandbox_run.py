"""Code runs in a box, with its files, and everything about how it ended comes back."""

import subprocess
import threading

import pytest

from deployments.sandboxes import SANDBOXES
from deployments.sandboxes.bubblewrap import INPUT_BYTES, OUTPUT_BYTES, Bubblewrap
from deployments.sandboxes.contract import SandboxRefused, SandboxUnavailable
from deployments.sandboxes.interpreter import Interpreter, interpreter
from deployments.tests.boxes import needs_boxes

box = SANDBOXES["bubblewrap"]


@needs_boxes
def test_it_works():
    """What the code prints comes back, and the time it took."""
    run = box.run("print('hello')")
    assert (run.exit_code, run.stdout, run.stderr, run.timed_out, run.truncated) == (
        0,
        "hello\n",
        "",
        False,
        False,
    )
    assert 0 < run.duration_ms < 10_000


@needs_boxes
def test_files_lie_beside_the_code():
    """Modules are imported, data is read and may be changed, folders are made on the way."""
    files = {"words.py": "def count(text): return len(text.split())", "data/in/poem.txt": "one two three æøå"}
    run = box.run(
        "import words, pathlib\n"
        "poem = pathlib.Path('data/in/poem.txt')\n"
        "print(words.count(poem.read_text()), poem.read_text()[-3:])\n"
        "poem.write_text('x'); (poem.parent / 'new').write_text('y')",
        files=files,
    )
    assert (run.stdout, run.stderr, run.exit_code) == ("4 æøå\n", "", 0)


@needs_boxes
@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("import sys; sys.exit(7)", 7),
        ("1 / 0", 1),
        ("import os; os.kill(os.getpid(), 11)", 139),
        ("def x(", 1),
    ],
)
def test_the_exit_code_is_the_shells(code, exit_code):
    """Exits, exceptions, signals and syntax errors are told apart as a shell tells them."""
    assert box.run(code).exit_code == exit_code


@needs_boxes
def test_errors_are_readable():
    """The traceback names the line, as it would anywhere."""
    run = box.run("def f():\n    return {}['key']\nf()")
    assert run.stderr.endswith("KeyError: 'key'\n")
    assert "line 2, in f" in run.stderr


@needs_boxes
def test_the_time_is_limited():
    """An endless loop ends when its time is up, and is told as that."""
    run = box.run("print('begun', flush=True)\nwhile True: pass", timeout_s=1)
    assert (run.timed_out, run.exit_code, run.stdout) == (True, 137, "begun\n")
    assert "the time was up" in run.stderr
    assert 1000 <= run.duration_ms < 8000


@needs_boxes
def test_long_output_is_cut_and_says_so():
    """The first 64 KiB are kept; the code itself is not disturbed."""
    run = box.run("print('x' * 200_000); print('æ' * 100, end='', file=__import__('sys').stderr)")
    assert run.exit_code == 0
    assert run.truncated
    assert run.stdout.startswith("x" * OUTPUT_BYTES)
    assert f"{OUTPUT_BYTES} of 200001 bytes" in run.stdout
    assert run.stderr == "æ" * 100


@needs_boxes
def test_output_that_is_no_text_becomes_text():
    """Broken UTF-8 and NUL are replaced: what comes back can be stored and sent."""
    assert box.run(r"__import__('os').write(1, b'a\xff\0b')").stdout == "a\ufffd\ufffdb"


@needs_boxes
def test_boxes_open_side_by_side():
    """Threads get their own boxes and their own answers."""
    answers = {}
    threads = [
        threading.Thread(target=lambda n=n: answers.update({n: box.run(f"print({n})").stdout}))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: f"{n}\n" for n in range(4)}


@needs_boxes
def test_the_interpreter_of_this_process_serves_where_the_system_has_none():
    """Its library is shown under another path and without its installed packages."""
    own = interpreter("/nowhere/python3")
    if own is None:
        pytest.skip("this Python's own folders cannot be shown in a box")
    run = Bubblewrap(own).run("import ssl, ctypes, sys; print(sys.prefix); import pytest")
    assert run.stdout == "/opt/python\n"
    assert "No module named 'pytest'" in run.stderr


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/passwd": ""}, {"../x": ""}, {"a/../../x": ""}, {"": ""}, {".": ""}, {"a//b": ""}, {"./a": ""},
        {"a\0b": ""}, {"a\nb": ""}, {"__main__.py": ""}, {"dir/": ""}, {f"f{n}": "" for n in range(65)},
    ],
)  # fmt: skip
def test_strange_files_are_refused(files):
    """Nothing is started for a name that leads elsewhere, or for too many."""
    with pytest.raises(SandboxRefused):
        box.run("print(1)", files=files)


@pytest.mark.parametrize("timeout_s", [0, -1, 121, float("nan"), float("inf")])
def test_strange_times_are_refused(timeout_s):
    """No box is without an end."""
    with pytest.raises(SandboxRefused, match="120 s"):
        box.run("print(1)", timeout_s=timeout_s)


def test_too_much_input_is_refused():
    """Code and files together have a size; text that is none is refused as well."""
    with pytest.raises(SandboxRefused, match="4 MiB"):
        box.run("#" * (INPUT_BYTES // 2), files={"a": "x" * (INPUT_BYTES // 2)})
    with pytest.raises(SandboxRefused, match="valid text"):
        box.run("print('\ud800')")


@needs_boxes
def test_big_input_within_the_limit_fits():
    """Longer than any command line or pipe takes."""
    run = box.run(f"print(len(open('a').read()))#{'x' * 500_000}", files={"a": "x" * 3_000_000})
    assert run.stdout == "3000000\n"


def test_without_bubblewrap_the_reason_says_what_to_do(monkeypatch):
    """A machine without it refuses with one sentence; nothing else depends on it."""
    monkeypatch.setenv("PATH", "/nowhere")
    bare = Bubblewrap()
    assert "install" in (bare.available() or "")
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        bare.run("print(1)")


@needs_boxes
def test_a_box_that_does_not_work_is_not_used():
    """The trial box fails, so no code is run; what bubblewrap said is the reason."""
    broken = Bubblewrap(Interpreter("/usr/bin/python3", ("--ro-bind", "/nowhere", "/x")))
    assert "/nowhere" in (broken.available() or "")
    silent = Bubblewrap(Interpreter("/usr/bin/true", ()))
    with pytest.raises(SandboxUnavailable, match="trial box"):
        silent.run("print(1)")


@needs_boxes
def test_the_trial_is_run_once(tmp_path, monkeypatch):
    """After a success no second trial box is opened: what is counted here are starts of bwrap."""
    log = tmp_path / "starts"
    real = subprocess.run(["which", "bwrap"], capture_output=True, text=True, check=True).stdout.strip()
    wrapper = tmp_path / "bwrap"
    wrapper.write_text(f'#!/bin/sh\necho started >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin")
    counted = Bubblewrap()
    assert counted.available() is None
    assert counted.run("print(1)").stdout == counted.run("print(1)").stdout == "1\n"
    assert log.read_text().count("started") == 3
