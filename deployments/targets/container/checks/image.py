"""Whether the Dockerfile builds what it should, read by the grammar of BuildKit."""

import re
from collections.abc import Iterator, Mapping

from e2b_dockerfile_utils import DockerfileInstruction, DockerfileSyntaxError, parse_dockerfile_ast

from deployments.targets.container.checks.finding import Finding

_ORDER = {"USER": 1, "CMD": 2}
_ALLOWED = {
    *("ARG", "FROM", "ENV", "RUN", "WORKDIR", "COPY", "LABEL"),
    *("USER", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "CMD"),
}


def image(files: Mapping[str, str]) -> Iterator[Finding]:
    """Parse the Dockerfile and look at its bases, its user and what it copies; nothing where there is none."""
    if "Dockerfile" not in files:
        return
    try:
        parsed = parse_dockerfile_ast(files["Dockerfile"])
    except DockerfileSyntaxError as error:
        yield Finding("the Dockerfile parses", (str(error),))
        return
    rows = parsed.instructions
    yield Finding("the Dockerfile parses", tuple(warning.message for warning in parsed.warnings))
    yield Finding("the image's bases are pinned", tuple(_moving(rows)))
    yield Finding("the image is built from the release alone", tuple(_strange(rows, files)))
    yield Finding("the image runs as nobody special", tuple(_powerful(rows)))


def _moving(rows: list[DockerfileInstruction]) -> Iterator[str]:
    bases = [row.args[0] for row in rows if row.name == "FROM"]
    if not bases:
        yield "there is no base"
    for base in bases:
        if not re.search(r":\d[\w.-]*$|:bookworm-slim$|@sha256:[0-9a-f]{64}$", base):
            yield f"{base} has no version"


def _strange(rows: list[DockerfileInstruction], files: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{row.name} is not what this writes" for row in rows if row.name not in _ALLOWED)
    yield from (f"a text follows {row.name} in lines of its own" for row in rows if row.heredocs)
    for row in rows:
        if row.name != "COPY" or any(flag.startswith("--from=") for flag in row.flags):
            continue
        for source in row.args[:-1]:
            if not (source.startswith("app/") and ".." not in source.split("/")) and source not in files:
                yield f"{source} is not part of the release"
    for row in rows:
        if row.name in {"RUN", "CMD"} and not row.json:
            yield f"the command {row.args[0][:40]!r} is read by a shell of the builder"


def _powerful(rows: list[DockerfileInstruction]) -> Iterator[str]:
    last = max(index for index, row in enumerate(rows) if row.name == "FROM")
    end = [row for row in rows[last:] if row.name in _ORDER]
    users = [row.args[0] for row in end if row.name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        yield "the last USER is not a number other than 0"
    if [row.name for row in end] != sorted((row.name for row in end), key=lambda name: _ORDER[name]):
        yield "the user is changed after the command"
    if not any(row.name == "HEALTHCHECK" for row in rows[last:]):
        yield "it does not say how its health is seen"
