"""Look at deployments, and bring a release online: the second changes something, so it is asked for."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from agents.contract.tools import Effect, Returned
from agents.tools.contract import Hands, Replays, Tool, ToolRefused, parameters
from deployments import insight, launch, projects
from deployments.models import Release
from miosa.http.problem import Problem

MOST_SHOWN = 20
REQUESTED_BY = "agent:tools"


def _list(_arguments: Mapping[str, Any], _hands: Hands) -> Returned:
    rows = insight.deployments().order_by("-created")[:MOST_SHOWN]
    told = [
        {
            "id": str(row.pk),
            "project": row.service.project.slug,
            "release": row.release.number,
            "environment": row.service.environment,
            "state": row.state,
            "created": row.created.isoformat(),
        }
        for row in rows
    ]
    text = "\n".join(" ".join(f"{name}={value}" for name, value in row.items()) for row in told)
    return Returned(
        text or "Nothing was deployed yet.", origin="this tenant's deployments", data={"items": told}
    )


def _deploy(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    try:
        project = projects.listed().filter(slug=arguments["project"]).first()
        if project is None:
            raise ToolRefused(f"There is no project {arguments['project']}.")
        number = int(arguments["release"])
        release = Release.objects.filter(project=project, number=number).first()
        if release is None:
            raise ToolRefused(f"{project.slug} has no release {number}.")
        row = launch.launch(
            project,
            release,
            target=arguments.get("target", "local"),
            environment=arguments.get("environment", "preview"),
            requested_by=REQUESTED_BY,
            execution_id=hands.execution.pk,
            key=UUID(hands.key),
        )
    except Problem as error:
        raise ToolRefused(str(error)) from error
    return Returned(
        f"deployment {row.pk} is {row.state}",
        origin="this tenant's deployments",
        data={"deployment_id": str(row.pk)},
    )


TOOLS = (
    Tool(
        "list_deployments",
        "List this tenant's last deployments with their states.",
        parameters(),
        _list,
        replays=Replays.LOOKS,
    ),
    Tool(
        "deploy_release",
        "Deploy a release of a project; where its environment is guarded, a person is asked as well.",
        parameters(
            ("project", "release"),
            project={"type": "string", "maxLength": 40},
            release={"type": "integer", "minimum": 1},
            target={"type": "string", "maxLength": 20},
            environment={"enum": ["preview", "staging", "production"]},
        ),
        _deploy,
        Effect.WRITES,
    ),
)
