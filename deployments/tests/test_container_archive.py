"""What is downloaded: one folder with the written files and the release's own, the same every time."""

import dataclasses
import re

import pytest

from deployments.targets.container.target import write_out
from deployments.targets.contract import Kind, Recipe
from deployments.tests.container_scene import PYTHON, SPECS, Files, spec_of, unpacked


@pytest.mark.parametrize("name", SPECS)
def test_it_works(name):
    """The archive holds each file as it was written, below one folder, with the release in `app`."""
    made = write_out(SPECS[name])
    members = {path: content for path, (content, _) in unpacked(made).items()}
    bundle = SPECS[name].bundle
    own = {f"app/{path}": bundle.read(path) for path in bundle.paths()}
    expected = {**{path: text.encode() for path, text in made.files.items()}, **own}
    assert members == {f"{made.folder}/{path}": content for path, content in expected.items()}


def test_the_same_release_is_the_same_bytes():
    """Two archives of one release are equal to the last byte."""
    first, second = (b"".join(write_out(SPECS["python"]).chunks()) for _ in range(2))
    assert first == second


def test_what_may_run_still_may():
    """An executable file stays one, the others do not become one."""
    spec = SPECS["worker"]
    made = write_out(dataclasses.replace(spec, bundle=Files(PYTHON, executable=["run.sh"])))
    modes = {
        path.rpartition("/app/")[2]: mode for path, (_, mode) in unpacked(made).items() if "/app/" in path
    }
    assert modes == {"app.py": 0o644, "requirements.txt": 0o644, "run.sh": 0o755}


def test_no_value_of_a_variable_is_in_it():
    """Names are there, values are not: neither in a manifest nor in an example."""
    whole = b"".join(content for content, _ in unpacked(write_out(SPECS["python"])).values())
    assert b"DATABASE_URL" in whole
    assert b"value-of-" not in whole


def test_a_large_release_is_not_held_in_memory():
    """Chunks of 32 MB of files come one after the other, none of them much larger than a file."""
    content = bytes(range(256)) * 4096
    files = Files({f"data/{number}.bin": content for number in range(32)})
    made = write_out(spec_of(Recipe(kind=Kind.STATIC), files))
    assert max(len(chunk) for chunk in made.chunks()) <= len(content)


def test_names_that_are_long_or_not_ascii_arrive():
    """Paths of 200 characters and of any language are read back as they were."""
    paths = {f"{'long-folder-name/' * 11}file.txt": b"1", "straße/日本語 und mehr.txt": b"2"}
    made = write_out(spec_of(Recipe(kind=Kind.STATIC), paths))
    assert {path for path in unpacked(made) if "/app/" in path} == {
        f"{made.folder}/app/{path}" for path in paths
    }


def test_the_handbook_names_what_is_there():
    """Each file and command that the README names exists under that name."""
    made = write_out(SPECS["python"])
    text = made.files["README.md"]
    named = set(re.findall(r"kubernetes/\w+(?:[./][\w.]+)*|compose\.yaml|variables\.env\.example", text))
    folders = {path.rpartition("/")[0] for path in made.files}
    assert named
    assert named <= set(made.files) | folders
    assert "create secret generic miosa-acme-shop-1a2b3c-variables" in text
