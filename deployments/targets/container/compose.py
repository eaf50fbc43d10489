"""The same image on one machine: a compose file with the limits of the cluster."""

from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.contract import Kind

VARIABLES_FILE = "variables.env"
_PROCESSES = 256


def compose(blueprint: Blueprint) -> dict[str, Any]:
    """Return the compose file; it is reached from its own machine only, until someone opens it."""
    job = blueprint.recipe.kind is Kind.CRON
    return {"name": blueprint.name, "services": {"app": {**_program(blueprint), **_life(job=job)}}}


def _program(blueprint: Blueprint) -> dict[str, Any]:
    port = blueprint.port
    published = {"ports": [f"127.0.0.1:{_outside(port)}:{port}"]} if blueprint.listens else {}
    start = blueprint.recipe.start.replace("$", "$$")  # compose would put variables in their place
    given = {"command": ["/bin/sh", "-c", start]} if start and not blueprint.builds else {}
    return {
        "image": blueprint.image,
        **({"build": {"context": "."}} if blueprint.builds else {}),
        **({"user": f"{blueprint.user}:{blueprint.user}"} if blueprint.user else {}),
        **given,
        **({"environment": {"PORT": str(port)}} if blueprint.listens else {}),
        **({"env_file": [VARIABLES_FILE]} if blueprint.variables else {}),
        **published,
        "mem_limit": f"{blueprint.size.memory_mb}m",
        "pids_limit": _PROCESSES,
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108  (inside the container)
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
    }


def _life(*, job: bool) -> dict[str, Any]:
    return {"profiles": ["job"], "restart": "no"} if job else {"restart": "unless-stopped"}


def _outside(port: int) -> int:
    """A port of the machine that needs no privilege."""
    return port if port >= 1024 else 8000 + port  # noqa: PLR2004  (the first port that everybody may take)
