"""How health is looked at: by HTTP where the recipe says so, else whether the port is open; pure."""

import json
from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.contract import Recipe

_INTERVALS = "--interval=15s --timeout=4s --start-period={start}s --retries=3"
_PYTHON = (
    "import os, urllib.request as web; "
    "web.urlopen(web.Request('http://127.0.0.1:' + os.environ['PORT'] + '{path}', headers={{'Host': '{host}'}}), "
    "timeout=3)"
)
_NODE = (
    "fetch('http://127.0.0.1:' + process.env.PORT + '{path}', {{redirect: 'manual'}})"
    ".then(answer => process.exit(answer.status < 400 ? 0 : 1), () => process.exit(1))"
)
_OPEN = "exec 3<>/dev/tcp/127.0.0.1/{port}"
REPEAT_S = 2


def by_http(recipe: Recipe) -> bool:
    """Whether Kubernetes can see by HTTP that it is well: it takes 200 to 399 and reads no body."""
    return 200 <= recipe.health_status < 400  # noqa: PLR2004


def look_of(blueprint: Blueprint) -> str:
    """Return the HEALTHCHECK of an image, with what its base holds."""
    if not blueprint.listens:
        return "HEALTHCHECK NONE"
    recipe, runtime = blueprint.recipe, blueprint.recipe.runtime
    values = {"path": recipe.health_path, "host": blueprint.host, "port": blueprint.port}
    if blueprint.serves_files and by_http(recipe):
        address = f"http://127.0.0.1:{blueprint.port}{recipe.health_path}"
        command = ["wget", "-q", "-O", "/dev/null", address]
    elif blueprint.serves_files:
        command = ["nc", "-z", "127.0.0.1", str(blueprint.port)]
    elif runtime == "python" and by_http(recipe):
        command = ["python", "-c", _PYTHON.format(**values)]
    elif runtime == "node" and by_http(recipe):
        command = ["node", "-e", _NODE.format(**values)]
    else:
        command = ["bash", "-c", _OPEN.format(**values)]
    start = max(1, round(recipe.health_deadline_s))
    return f"HEALTHCHECK {_INTERVALS.format(start=start)} CMD {json.dumps(command)}"


def probes_of(blueprint: Blueprint) -> dict[str, Any]:
    """Return the probes of a container; nothing gets traffic before the first one passes."""
    if not blueprint.listens:
        return {}
    recipe = blueprint.recipe
    look: dict[str, Any] = {"tcpSocket": {"port": "http"}}
    if by_http(recipe):
        headers = [{"name": "Host", "value": blueprint.host}]
        look = {"httpGet": {"path": recipe.health_path, "port": "http", "httpHeaders": headers}}
    tries = max(1, round(recipe.health_deadline_s / REPEAT_S))
    return {
        "startupProbe": {**look, "periodSeconds": REPEAT_S, "timeoutSeconds": 2, "failureThreshold": tries},
        "readinessProbe": {**look, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3},
        "livenessProbe": {**look, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
    }
