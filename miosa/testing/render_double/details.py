"""A service's details as Render gives them back: defaults filled in, by type."""

from typing import Any

NATIVE_DEFAULTS = {"buildCommand": "", "startCommand": ""}
DOCKER_DEFAULTS = {"dockerCommand": "", "dockerContext": "", "dockerfilePath": "./Dockerfile"}
DOCKER_LIKE = frozenset({"docker", "image"})


def filled(kind: str, asked: dict[str, Any], *, host: str) -> dict[str, Any]:
    """Return the details of a new service of a type."""
    if kind == "static_site":
        return {
            "buildCommand": asked.get("buildCommand", ""),
            "publishPath": asked.get("publishPath", "public"),
            "url": f"https://{host}",
            "buildPlan": "starter",
        }
    runtime = asked.get("runtime", "docker")
    details = {
        "env": runtime,
        "runtime": runtime,
        "envSpecificDetails": commands(runtime, asked.get("envSpecificDetails", {})),
        "plan": asked.get("plan", "starter"),
        "region": asked.get("region", "oregon"),
        "buildPlan": "starter",
    }
    if kind == "cron_job":
        return details | {"schedule": asked["schedule"]}
    details["numInstances"] = asked.get("numInstances", 1)
    if kind == "web_service":
        listening = {"url": f"https://{host}", "healthCheckPath": asked.get("healthCheckPath", "")}
        return details | listening | {"openPorts": [{"port": 10000, "protocol": "TCP"}]}
    if kind == "private_service":
        return details | {"url": f"{host.split('.', maxsplit=1)[0]}:10000", "openPorts": []}
    return details


def changed(kind: str, there: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Return the details after a PATCH."""
    merged = there | {name: value for name, value in asked.items() if name != "envSpecificDetails"}
    if kind == "static_site":
        return merged
    runtime = merged["runtime"]
    known = there["envSpecificDetails"] if runtime == there["runtime"] else {}
    merged["env"] = runtime
    merged["envSpecificDetails"] = commands(runtime, known | asked.get("envSpecificDetails", {}))
    return merged


def commands(runtime: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the commands of a runtime with their defaults."""
    defaults = DOCKER_DEFAULTS if runtime in DOCKER_LIKE else NATIVE_DEFAULTS
    return defaults | {name: value for name, value in asked.items() if name in defaults}
