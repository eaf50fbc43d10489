"""How the image is built: stages, a user that is not root, one command; pure.

Every command of a user stands in a list of JSON: nothing in it can become an instruction, whatever it holds.
"""

import json

from deployments.targets.container import bases
from deployments.targets.container.blueprint import PORT_VARIABLE, Blueprint
from deployments.targets.container.look import look_of
from deployments.targets.contract import Kind

SITE = "/srv/site"
_VENV = "/opt/venv"
_INSTALL = ["pip", "install", "--requirement", "requirements.txt"]


def dockerfile(blueprint: Blueprint) -> str:
    """Return the Dockerfile of a release, which is built from the folder it stands in."""
    lines = [
        f"# Release {blueprint.release} of {blueprint.name}; built by: docker build --tag {blueprint.image} .",
        "# A mirror of the registry: --build-arg REGISTRY=mirror.example.com",
        f"ARG REGISTRY={bases.REGISTRY}",
        "",
    ]
    if blueprint.serves_files:
        lines += _of_files(blueprint)
    else:
        lines += _STAGES[blueprint.recipe.runtime](blueprint)
        lines += _end(blueprint)
    return "\n".join(lines) + "\n"


def _of_files(blueprint: Blueprint) -> list[str]:
    folder = blueprint.recipe.publish.strip().strip("/")
    folder = "" if folder == "." else folder
    if blueprint.recipe.build:
        stage = _node_stage if "package.json" in blueprint.paths else _python_stage
        before = [*stage(blueprint), ""]
        copied = _words("COPY --from=build", _path("/app", folder), f"{SITE}/")
    else:
        before, copied = [], _words("COPY", _path("app", folder), f"{SITE}/")
    return [
        *before,
        _from(bases.WEB_SERVER),
        "COPY web/default.conf /etc/nginx/conf.d/default.conf",
        copied,
        *_labels(blueprint),
        f"USER {blueprint.user}:{blueprint.user}",
        f"EXPOSE {blueprint.port}",
        look_of(blueprint),
    ]


def _python(blueprint: Blueprint) -> list[str]:
    return [
        *_python_stage(blueprint),
        "",
        _from(bases.PYTHON),
        f"ENV PATH={_VENV}/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1",
        "WORKDIR /app",
        f"COPY --from=build {_VENV} {_VENV}",
        "COPY --from=build /app ./",
    ]


def _python_stage(blueprint: Blueprint) -> list[str]:
    asked = "requirements.txt" in blueprint.recipe.build
    alone = blueprint.installs == "alone" and not asked
    return [
        _from(bases.PYTHON, "build"),
        "ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1",
        _words("RUN", "python", "-m", "venv", _VENV),
        f"ENV PATH={_VENV}/bin:$PATH",
        "WORKDIR /app",
        *(["COPY app/requirements.txt ./", _words("RUN", *_INSTALL)] if alone else []),
        "COPY app/ ./",
        *([_words("RUN", *_INSTALL)] if blueprint.installs and not alone and not asked else []),
        *_build(blueprint),
    ]


def _node(blueprint: Blueprint) -> list[str]:
    return [
        *_node_stage(blueprint),
        *([_words("RUN", "npm", "prune", "--omit=dev")] if "package.json" in blueprint.paths else []),
        "",
        _from(bases.NODE),
        "ENV NODE_ENV=production",
        "WORKDIR /app",
        "COPY --from=build /app ./",
    ]


def _node_stage(blueprint: Blueprint) -> list[str]:
    install = "ci" if "package-lock.json" in blueprint.paths else "install"
    asked = any(tool in blueprint.recipe.build for tool in ("npm ci", "npm install", "yarn", "pnpm"))
    wanted = "package.json" in blueprint.paths and not asked
    return [
        _from(bases.NODE, "build"),
        "WORKDIR /app",
        "COPY app/ ./",
        *([_words("RUN", "npm", install, "--no-audit", "--no-fund")] if wanted else []),
        *_build(blueprint),
    ]


def _process(blueprint: Blueprint) -> list[str]:
    return [_from(bases.PLAIN), "WORKDIR /app", "COPY app/ ./", *_build(blueprint)]


_STAGES = {"python": _python, "node": _node, "process": _process, "static": _process}


def _end(blueprint: Blueprint) -> list[str]:
    port = f" {PORT_VARIABLE}={blueprint.port}" if blueprint.listens else ""
    return [
        f"ENV HOME=/tmp{port}",
        *_labels(blueprint),
        f"USER {blueprint.user}:{blueprint.user}",
        *([f"EXPOSE {blueprint.port}"] if blueprint.listens else []),
        look_of(blueprint),
        *(["STOPSIGNAL SIGTERM"] if blueprint.recipe.kind is not Kind.CRON else []),
        _words("CMD", "/bin/sh", "-c", blueprint.recipe.start),
    ]


def _from(image: str, stage: str = "") -> str:
    return f"FROM ${{REGISTRY}}/{image}" + (f" AS {stage}" if stage else "")


def _labels(blueprint: Blueprint) -> list[str]:
    return [
        f"LABEL org.opencontainers.image.title={blueprint.name} \\",
        f"      org.opencontainers.image.version={blueprint.release} \\",
        f"      org.opencontainers.image.revision={blueprint.checksum}",
    ]


def _build(blueprint: Blueprint) -> list[str]:
    return [_words("RUN", "/bin/sh", "-c", blueprint.recipe.build)] if blueprint.recipe.build else []


def _path(root: str, folder: str) -> str:
    return f"{root}/{folder}/" if folder else f"{root}/"


def _words(instruction: str, *words: str) -> str:
    return f"{instruction} {json.dumps(words, ensure_ascii=False)}"
