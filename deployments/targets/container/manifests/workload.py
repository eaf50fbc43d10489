"""What runs: a Deployment, or a CronJob where a schedule starts it."""

from typing import Any

from deployments.targets.container.blueprint import PORT_VARIABLE, Blueprint
from deployments.targets.container.look import probes_of
from deployments.targets.container.manifests.place import metadata, selector
from deployments.targets.contract import Kind

_SCRATCH_MB = 256
_FIRST_FREE_PORT = 1024
_DRAIN_S = 5  # until every node has heard that a pod is going
_STOP_S = 30


def workload(blueprint: Blueprint) -> dict[str, Any]:
    """Return the Deployment or CronJob."""
    return _cron_job(blueprint) if blueprint.recipe.kind is Kind.CRON else _deployment(blueprint)


def _deployment(blueprint: Blueprint) -> dict[str, Any]:
    number = {} if blueprint.size.scales else {"replicas": blueprint.size.replicas}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(blueprint),
        "spec": {
            **number,
            "revisionHistoryLimit": 5,
            "progressDeadlineSeconds": max(120, 2 * round(blueprint.recipe.health_deadline_s)),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": selector(blueprint)},
            "template": {"metadata": _of_pod(blueprint), "spec": {**_pod(blueprint), **_spread(blueprint)}},
        },
    }


def _cron_job(blueprint: Blueprint) -> dict[str, Any]:
    pod = {**_pod(blueprint), "restartPolicy": "Never"}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(blueprint),
        "spec": {
            "schedule": " ".join(blueprint.recipe.schedule.split()),
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 2,
                    "activeDeadlineSeconds": 3600,
                    "template": {"metadata": _of_pod(blueprint), "spec": pod},
                }
            },
        },
    }


def _of_pod(blueprint: Blueprint) -> dict[str, Any]:
    whole = metadata(blueprint)
    return {"labels": whole["labels"], "annotations": whole["annotations"]}


def _pod(blueprint: Blueprint) -> dict[str, Any]:
    user = blueprint.user
    who = {"runAsUser": user, "runAsGroup": user, "fsGroup": user} if user else {}
    low = blueprint.listens and blueprint.port < _FIRST_FREE_PORT
    open_port = {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]} if low else {}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _STOP_S,
        "securityContext": {
            "runAsNonRoot": True,
            **who,
            "seccompProfile": {"type": "RuntimeDefault"},
            **open_port,
        },
        "containers": [_container(blueprint)],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": f"{_SCRATCH_MB}Mi"}}],
    }


def _container(blueprint: Blueprint) -> dict[str, Any]:
    listening = {"ports": [{"name": "http", "containerPort": blueprint.port}]} if blueprint.listens else {}
    given = (
        {}
        if blueprint.builds or not blueprint.recipe.start
        else {"command": ["/bin/sh", "-c", _unexpanded(blueprint.recipe.start)]}
    )
    draining = {"lifecycle": {"preStop": {"exec": {"command": ["sleep", str(_DRAIN_S)]}}}}
    return {
        "name": "app",
        "image": blueprint.image,
        "imagePullPolicy": "IfNotPresent",
        **given,
        **listening,
        **({"env": environment} if (environment := _environment(blueprint)) else {}),
        "resources": _resources(blueprint),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **probes_of(blueprint),
        **(draining if blueprint.listens and blueprint.builds else {}),
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108  (inside the container)
    }


def _environment(blueprint: Blueprint) -> list[dict[str, Any]]:
    port = [{"name": PORT_VARIABLE, "value": str(blueprint.port)}] if blueprint.listens else []
    return port + [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret_name(blueprint), "key": name}}}
        for name in blueprint.variables
    ]


def secret_name(blueprint: Blueprint) -> str:
    """Return the name of the Secret that holds the variables' values, which nobody writes out."""
    return f"{blueprint.name}-variables"


def _resources(blueprint: Blueprint) -> dict[str, Any]:
    memory = f"{blueprint.size.memory_mb}Mi"
    scratch = f"{_SCRATCH_MB + 64}Mi"
    return {
        "requests": {"cpu": f"{blueprint.size.cpu_millis}m", "memory": memory, "ephemeral-storage": "64Mi"},
        "limits": {"memory": memory, "ephemeral-storage": scratch},
    }


def _spread(blueprint: Blueprint) -> dict[str, Any]:
    if blueprint.size.most_replicas == 1:
        return {}
    return {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector(blueprint)},
            }
        ]
    }


def _unexpanded(command: str) -> str:
    """Return a command that Kubernetes leaves alone: it would put variables in place of $(NAME)."""
    return command.replace("$(", "$$(")
