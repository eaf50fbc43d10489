"""Whether the compose file holds what the cluster's manifest holds."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deployments.targets.container.checks.documents import containers, documents
from deployments.targets.container.checks.finding import Finding

_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$(?!\$)")
_CONFINED = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "init": True,
}


def one_machine(files: Mapping[str, str]) -> Iterator[Finding]:
    """Compare the one service of the compose file with the one container of the cluster."""
    service: dict[str, Any] = documents(files)["compose.yaml"]["services"]["app"]
    faults = [
        f"{key} is {service.get(key)!r}" for key, value in _CONFINED.items() if service.get(key) != value
    ]
    images = {container["image"] for _, _, container in containers(files)}
    if {service["image"]} != images:
        faults.append("it runs another image than the cluster")
    if "env_file" in service and f"{service['env_file'][0]}.example" not in files:
        faults.append("its variables have no example")
    if any(not port.startswith("127.0.0.1:") for port in service.get("ports", ())):
        faults.append("it is open to other machines")
    if _VARIABLE.search(files["compose.yaml"]):
        faults.append("it asks for a variable of the machine")
    yield Finding("the compose file agrees with the manifests", tuple(faults))
