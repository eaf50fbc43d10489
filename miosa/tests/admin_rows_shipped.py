"""Rows of projects and deployments for the admin's tests: one of each table, ended, with nothing left to do."""

import hashlib
from datetime import timedelta
from typing import Any

from django.utils import timezone

from deployments.models import (
    Approval,
    Deployment,
    DeploymentEvent,
    DeploymentLog,
    FileContent,
    FileVersion,
    HealthCheck,
    Project,
    Release,
    Service,
)

PAGE = b"<!doctype html><title>Tide pools</title>"


def shipped(number: int, *, execution_id: Any = None) -> Deployment:
    """Write a project with a release that failed on a service of its own, and what happened on the way."""
    project = Project.objects.create(
        slug=f"pools-{number}", name="Tide pools", created_by="user:1", execution_id=execution_id
    )
    release = _release(project, number)
    service = Service.objects.create(
        project=project, target="local", name=f"miosa-pools-{number}", state="destroyed", health="healthy"
    )
    now = timezone.now()
    made: Deployment = Deployment.objects.create(
        service=service, release=release, state="failed", reason="It answered 500.", requested_by="user:1",
        execution_id=execution_id, log_lines=1, events=1, finished=now,
    )  # fmt: skip
    DeploymentEvent.objects.create(deployment=made, number=1, kind="state", data={"state": "failed"})
    DeploymentLog.objects.create(deployment=made, number=1, at=now, stream="out", text="started")
    HealthCheck.objects.create(service=service, deployment_id=made.pk, passed=False, status=500)
    Approval.objects.create(
        kind="deployment.launch", effect={"release": number}, digest="0" * 64, state="approved",
        requested_by="user:1", decided_by="user:1", decided=now, expires=now + timedelta(days=1),
    )  # fmt: skip
    return made


def _release(project: Project, number: int) -> Release:
    content = PAGE + str(number).encode()
    digest = hashlib.sha256(content).hexdigest()
    FileContent.objects.create(digest=digest, size_bytes=len(content), content=content)
    FileVersion.objects.create(
        project=project, path="index.html", number=1, digest=digest, size_bytes=len(content), author="user:1"
    )
    manifest = [{"path": "index.html", "digest": digest, "size": len(content), "executable": False}]
    made: Release = Release.objects.create(
        project=project, number=1, checksum="1" * 64, manifest=manifest, recipe={"kind": "static"}, files=1,
        size_bytes=len(content), author="user:1",
    )  # fmt: skip
    return made
