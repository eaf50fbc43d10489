"""A remote's files come into a project, a release goes to a remote, and a credential shows nowhere on the way."""

import logging
import shutil
import subprocess
from dataclasses import replace

import pytest

from deployments.tests.git_server import PLAIN, RUNS, TOKEN, USER, git_server
from miosa.testing.fixtures import client_of, open_tenant
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROOT = "/api/v1"
SITE = {"index.html": (PLAIN, b"<h1>Aurora</h1>"), "run.sh": (RUNS, b"#!/bin/sh\n")}


@pytest.fixture
def remote(tmp_path, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=("127.0.0.0/8",))
    with git_server(tmp_path / "remote") as made:
        yield made


@pytest.fixture
def project(api):
    return api.post(f"{ROOT}/projects", {"name": "Aurora"}).json()["id"]


def fetched(api, project, remote, **more):
    return api.post(f"{ROOT}/projects/{project}/git-imports", {"url": remote.url, **more})


def cut(api, project):
    return api.post(f"{ROOT}/projects/{project}/releases", {}).json()


def pushed(api, release, remote, **more):
    body = {"url": remote.url, "branch": "live", **more}
    return api.post(f"{ROOT}/releases/{release['id']}/git-pushes", body)


def test_a_branch_a_tag_and_a_commit_are_fetched(api, project, remote):
    """Content and mode as they are there; what is not there any more goes; again, nothing changes."""
    first = remote.commit(SITE)
    remote.repo.refs[b"refs/tags/v1"] = first.encode()
    second = remote.commit({"index.html": (PLAIN, b"<h1>Aurora, new</h1>")})
    answer = fetched(api, project, remote)
    assert (answer.status_code, answer.json()["commit"]) == (200, second), answer.content
    assert answer.json()["paths"] == ["index.html"]
    for ref, expected in (("v1", first), ("main", second), (first, first)):
        told = fetched(api, project, remote, ref=ref).json()
        assert told["commit"] == expected
        assert fetched(api, project, remote, ref=ref).json()["paths"] == []
    tree = {
        one["path"]: one["executable"] for one in api.get(f"{ROOT}/projects/{project}/files").json()["items"]
    }
    assert tree == {"index.html": False, "run.sh": True}
    entry = AuditEntry.objects.filter(action="project.imported").order_by("-created").first()
    assert entry.after["commit"] == first


def test_a_release_is_pushed_once(api, project, remote):
    """As a commit with its trailers; again, nothing; onto what stands there, with history; and a git client reads it."""
    remote.commit(SITE)
    fetched(api, project, remote)
    release = cut(api, project)
    first = pushed(api, release, remote).json()
    assert first["new"] is True
    assert pushed(api, release, remote).json() == {"commit": first["commit"], "new": False}
    commit = remote.repo[first["commit"].encode()]
    assert f"Release-Checksum: {release['checksum']}" in commit.message.decode()
    assert commit.parents == []
    onto = pushed(api, release, remote, branch="main").json()
    assert onto["new"] is False, "the same files stand there already"
    remote.commit({"other.txt": (PLAIN, b"theirs")}, branch="live")
    again = pushed(api, release, remote, message="Back to Aurora").json()
    commit = remote.repo[again["commit"].encode()]
    assert (again["new"], commit.message.decode().splitlines()[0]) == (True, "Back to Aurora")
    assert len(commit.parents) == 1
    assert fetched(api, project, remote, ref="live").json()["paths"] == []


@pytest.mark.skipif(shutil.which("git") is None, reason="the program git is not installed")
def test_the_git_program_clones_what_was_pushed(api, project, remote, tmp_path):
    """Files and modes, as everybody's client sees them."""
    remote.commit(SITE)
    fetched(api, project, remote)
    pushed(api, cut(api, project), remote, branch="live")
    there = tmp_path / "clone"
    clone = ["git", "clone", "--quiet", "--branch", "live", remote.url, str(there)]
    subprocess.run(
        clone, check=True, env={"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    )
    assert (there / "index.html").read_bytes() == b"<h1>Aurora</h1>"
    assert (there / "run.sh").stat().st_mode & 0o111


def test_a_credential_opens_and_shows_nowhere(api, project, remote, caplog):
    """It comes from the vault, and is in no answer, no log line and no audit entry; a wrong one is told as such."""
    caplog.set_level(logging.DEBUG)
    remote.private = True
    remote.commit(SITE)
    shut = fetched(api, project, remote)
    assert (shut.status_code, "credential" in shut.json()["detail"]) == (422, True)
    assert fetched(api, project, remote, credential="forge").status_code == 422
    api.put(f"{ROOT}/secrets/git/forge", {"value": f"{USER}:wrong"})
    assert fetched(api, project, remote, credential="forge").status_code == 422
    api.put(f"{ROOT}/secrets/git/forge", {"value": f"{USER}:{TOKEN}"})
    opened = fetched(api, project, remote, credential="forge")
    assert opened.status_code == 200
    done = pushed(api, cut(api, project), remote, credential="forge")
    assert done.json()["new"] is True
    said = caplog.text + opened.content.decode() + done.content.decode()
    said += str(list(AuditEntry.objects.values_list("after", flat=True)))
    assert TOKEN not in said


def test_a_neighbour_has_no_such_project(api, project, remote):
    """Neither by the project nor by the release, and the remote is not even asked."""
    remote.commit(SITE)
    fetched(api, project, remote)
    release = cut(api, project)
    other = client_of(open_tenant("globex"))
    remote.asked.clear()
    assert fetched(other, project, remote).status_code == 404
    assert pushed(other, release, remote).status_code == 404
    assert remote.asked == []
