"""A project that was shipped three times: the second release failed and went back by itself, the third serves."""

import hashlib
import random
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django_tenants.utils import tenant_context

from billing import ledger
from deployments import approvals
from deployments.launch import KIND
from deployments.models import (
    Deployment,
    DeploymentEvent,
    DeploymentLog,
    HealthCheck,
    Project,
    Release,
    Service,
)

LOG = (
    ("build", "Collecting flask==3.1.2"),
    ("build", "Successfully installed flask-3.1.2 jinja2-3.1.6 werkzeug-3.1.3"),
    ("out", "Listening at http://0.0.0.0:8000"),
    ("err", "<script>alert('no')</script> KeyError: 'pool' in /app/app.py line 40"),
    ("miosa", "It answers 200 after 0.9 s and gets all traffic."),
)


@dataclass(frozen=True)
class Scene:
    """What was written."""

    tenant: object
    project: Project
    service: Service
    releases: tuple
    first: Deployment
    failed: Deployment
    back: Deployment
    live: Deployment
    waiting: Deployment
    approval: object


def written(tenant, *, number=1):
    """Write the scene for a tenant; `number` keeps names apart."""
    with tenant_context(tenant):
        project = Project.objects.create(slug=f"tide-pools-{number}", name="Tide pools", created_by="user:1")
        releases = tuple(_release(project, count) for count in (1, 2, 3))
        service = _service(project, f"miosa-tide-pools-{number}", "production")
        rows = _lives(service, releases)
        service.current_id = rows[3].pk
        service.save()
        staging = _service(project, f"miosa-tide-pools-staging-{number}", "staging", health="unhealthy")
        effect = {
            "action": "deploy",
            "project": project.slug,
            "release": 3,
            "environment": "staging",
            "checksum": "3" * 64,
        }
        asked = approvals.ask(kind=KIND, effect=effect, execution_id=None, requested_by="agent:deployment")
        waiting = Deployment.objects.create(
            service=staging, release=releases[2], approval_id=asked.pk, requested_by="agent:deployment",
            reason="It waits for an approval.",
        )  # fmt: skip
        _seen(service, rows)
    first, failed, back, live = rows
    return Scene(tenant, project, service, releases, first, failed, back, live, waiting, asked)


def _release(project, number):
    files = {"index.html": number, "app.py": 1, f"only-{number}.css": number}
    manifest = [
        {
            "path": path,
            "digest": hashlib.sha256(f"{path}{mark}".encode()).hexdigest(),
            "size": 10,
            "executable": False,
        }
        for path, mark in sorted(files.items())
    ]
    return Release.objects.create(
        project=project, number=number, checksum=str(number) * 64, manifest=manifest, recipe={"kind": "web"},
        files=3, size_bytes=30, author="agent:development", note=f"What was asked for in part {number}.",
    )  # fmt: skip


def _service(project, name, environment, health="healthy"):
    return Service.objects.create(
        project=project, target="local", environment=environment, name=name, external_id="x", health=health,
        url=f"http://{name}.localhost:8010/", domains=[{"name": "pools.example.com", "verified": False, "record": "CNAME sites.example.com"}],
    )  # fmt: skip


def _lives(service, releases):
    now = timezone.now()
    first = _deployment(
        service,
        releases[0],
        "superseded",
        now - timedelta(days=30),
        live=timedelta(seconds=2),
        over=timedelta(days=12),
    )
    failed = _deployment(
        service, releases[1], "failed", now - timedelta(days=18), over=timedelta(seconds=64),
        reason="Its public address was not healthy within 30 s: /health answered 500, expected 200.",
    )  # fmt: skip
    back = _deployment(
        service, releases[0], "superseded", now - timedelta(days=18) + timedelta(seconds=65), live=timedelta(seconds=1), over=timedelta(days=15),
        kind="rollback", back_to_id=first.pk, caused_by_id=failed.pk, requested_by="system",
        reason="Rolled back by itself from release 2: /health answered 500, expected 200.",
    )  # fmt: skip
    live = _deployment(
        service,
        releases[2],
        "live",
        now - timedelta(days=3),
        live=timedelta(seconds=4),
        url=service.url,
        percent=100,
    )
    return first, failed, back, live


def _deployment(service, release, state, at, *, live=None, over=None, **fields):
    values = {"requested_by": "user:1", **fields}
    made = Deployment.objects.create(
        service=service, release=release, state=state, build_started=at + timedelta(seconds=0.3),
        release_started=at + timedelta(seconds=1), live_since=at + live if live else None,
        finished=at + over if over else None, details={"ref": {}}, attempt=1, **values,
    )  # fmt: skip
    Deployment.objects.filter(pk=made.pk).update(created=at)
    made.refresh_from_db()
    return made


def _seen(service, rows):
    drawn, now = random.Random(7), timezone.now()
    for row in rows:
        for number, (stream, text) in enumerate(LOG, start=1):
            at = row.created + timedelta(seconds=number)
            DeploymentLog.objects.create(deployment=row, number=number, at=at, stream=stream, text=text)
        DeploymentEvent.objects.create(
            deployment=row, number=1, kind="state", data={"state": row.state, "reason": row.reason}
        )
    for number, (days, health) in enumerate(
        ((10, "unhealthy"), (9.9, "healthy"), (2, "unhealthy"), (1.5, "healthy")), start=2
    ):
        event = DeploymentEvent.objects.create(
            deployment=rows[2], number=number, kind="health", data={"health": health}
        )
        DeploymentEvent.objects.filter(pk=event.pk).update(created=now - timedelta(days=days))
    for number in range(72):
        failing = 40 <= number < 44
        check = HealthCheck.objects.create(
            service=service, deployment_id=rows[3].pk, passed=not failing, status=500 if failing else 200,
            latency_ms=drawn.randint(4, 60), detail="/health answered 500, expected 200." if failing else "",
        )  # fmt: skip
        HealthCheck.objects.filter(pk=check.pk).update(created=now - timedelta(seconds=30 * (72 - number)))
    for meter, quantity, cost in (
        ("build_ms", 41_000, 900),
        ("hosting_s", 259_200, 64_000),
        ("egress_bytes", 48_200_000, 5_200),
    ):
        ledger.post(
            meter, quantity, cost_micros=cost, source="hosting_use", source_id=f"1:{service.pk}:{meter}",
            details={"service_id": str(service.pk), "deployment_id": str(rows[3].pk)},
        )  # fmt: skip
