"""Read a public git repository over https: its files at a branch, a tag or a commit become files of the task."""

from collections.abc import Mapping
from typing import Any

from agents.contract.tools import Returned
from agents.models import Artefact
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from deployments.git import fetching, remotes
from miosa.http.problem import Problem

MOST_SHOWN = 200
MOST_FILES, MOST_BYTES = 200, 8 * 1024 * 1024  # what an execution takes of a repository


def _read(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    url, folder = arguments["url"], str(arguments.get("folder", "")).strip("/")
    try:
        # Without a credential: a tool that a model aims must not send one of the tenant's secrets anywhere.
        got = fetching.fetch(remotes.remote(url), arguments.get("ref", ""))
        files = _within(got.files, folder)
        kept = hands.workspace.keep(files, origin=Artefact.Origin.SOURCE)
    except Problem as error:
        raise ToolRefused(f"{url} could not be read: {error}") from error
    listed = "\n".join(sorted(kept)[:MOST_SHOWN])
    return Returned(
        f"commit {got.commit}, {len(kept)} files:\n{listed}",
        origin=f"the git repository {url}",
        data={"commit": got.commit, "url": url},
        files=kept,
    )


def _within(files: Mapping[str, tuple[bytes, bool]], folder: str) -> dict[str, bytes]:
    wanted = {
        path: content for path, (content, _) in files.items() if not folder or path.startswith(f"{folder}/")
    }
    if not wanted:
        raise ToolRefused(f"There is nothing in the folder {folder!r}.")
    size = sum(map(len, wanted.values()))
    if len(wanted) > MOST_FILES or size > MOST_BYTES:
        top = sorted({path.split("/")[0] for path in wanted})
        raise ToolRefused(
            f"That is {len(wanted)} files with {size:,} bytes; at most {MOST_FILES} and {MOST_BYTES:,} are taken. Name a"
            f" `folder` of it: {', '.join(top[:30])}."
        )
    return wanted


TOOLS = (
    Tool(
        "read_repository",
        "Fetch the files of a public git repository over https, at its own branch or at `ref`; they become files of the task.",
        parameters(
            ("url",),
            url={"type": "string", "minLength": 9, "maxLength": 1_000},
            ref={"type": "string", "maxLength": 200},
            folder={"type": "string", "maxLength": 400, "description": "only what lies in it"},
        ),
        _read,
        timeout_s=60,
        seen="url",
    ),
)
