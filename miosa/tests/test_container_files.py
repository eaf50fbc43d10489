"""The image agrees with the code: what it starts exists, what it holds is named, and no secret is in it."""

import importlib.util
import re
from urllib.parse import urlsplit

import pytest

from miosa.embedded.serving import children
from miosa.environment import read
from miosa.tests.containers import (
    COMPOSE_TEXT,
    OURS,
    ROOT,
    SERVICES,
    USED,
    VARIABLES,
    arguments,
    command_of,
    instructions,
)


def test_the_image_runs_as_nobody_special():
    """The last USER is a number other than 0, and stands before the command."""
    names = [name for name, _ in instructions()]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", arguments("USER")[-1])
    assert names.index("USER") < names.index("CMD")
    assert names.count("USER") == 1


def test_every_image_has_a_fixed_tag():
    """No `latest`, said or meant: what runs tomorrow is what was tried today."""
    bases = [line.split()[0] for line in arguments("FROM")]
    images = [service["image"] for service in SERVICES.values()]
    for image in (*bases, *images):
        _, colon, tag = image.rpartition(":")
        assert colon, image
        assert tag not in {"", "latest"}
        assert any(character.isdigit() for character in tag), image


def test_packages_are_pinned_by_hash():
    """Every installation refuses what is not in the lock files."""
    installs = re.findall(r"pip install [^&]*", " ".join(arguments("RUN")))
    assert len(installs) == 3
    assert all("--require-hashes" in install for install in installs)
    for name in ("requirements.txt", "requirements-embedded.txt", "requirements-box.txt"):
        assert f"--requirement {name}" in " ".join(installs)
        assert "--hash=sha256:" in (ROOT / name).read_text()


def test_nothing_but_code_goes_into_the_image():
    """What is copied exists and is let through by .dockerignore, which starts by refusing everything."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {
        source.removeprefix("./")
        for line in arguments("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_no_secret_is_baked_in():
    """Neither file carries the value of a secret variable, only the name of a file or of a variable."""
    baked = " ".join(arguments("ENV") + arguments("ARG"))
    for name, spec in VARIABLES.items():
        if not spec.metadata["secret"]:
            continue
        assert name not in baked
        for service in OURS.values():
            value = service.get("environment", {}).get(name, "")
            assert value == f"${{{name}:-}}" or (
                (value == "" or "://" in value) and not urlsplit(value).password
            ), name


def test_every_variable_is_one_the_product_reads():
    """A misspelt name would be silently ignored."""
    assert {match[1] for match in USED.finditer(COMPOSE_TEXT)} <= set(VARIABLES)
    for service in OURS.values():
        names = {name.removesuffix("_FILE") for name in service.get("environment", {})}
        assert names <= set(VARIABLES)


@pytest.mark.parametrize("name", OURS)
def test_commands_name_what_exists(name):
    """Modules, files and applications in a command are there to be started."""
    command = command_of(name)
    assert command[0] == "python"
    if command[1] == "-m":
        assert importlib.util.find_spec(command[2]), command
    else:
        assert (ROOT / command[1]).is_file(), command
    for word in command:
        if re.fullmatch(r"miosa\.\w+(:\w+)?", word):
            assert importlib.util.find_spec(word.partition(":")[0]), word


@pytest.mark.parametrize("name", ["worker", "web", "beat"])
def test_containers_start_as_the_bare_machine_does(name):
    """The same switches in both places; only addresses and paths differ."""
    [child] = [child for child in children(read({})) if child.name == name]
    command = command_of(name)
    assert switches(command) == switches(child.command)


def switches(command):
    differ = {"--host", "--port", "--schedule"}
    words = list(command[1:])
    return sorted(word for at, word in enumerate(words) if words[at - 1] not in differ)


def test_every_container_is_checked_or_says_why_not():
    """The image's own check asks the web server; a service that is none has another check, or none."""
    assert "/healthz" in arguments("HEALTHCHECK")[0]
    for name, service in OURS.items():
        assert ("healthcheck" in service) is (name != "web")
