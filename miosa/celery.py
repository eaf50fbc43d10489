"""The Celery application: a doorbell with explicit task names; rows in PostgreSQL are the truth."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_init, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "miosa.settings")

from miosa.environment import environment

app = Celery("miosa", broker=environment().redis_url, backend=None)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,  # acknowledge early: a lost message is rung again from its row
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # 0 is served before 5: what has begun, and beat's own, before what is new.
    broker_transport_options={
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "priority_steps": [0, 5],
        "queue_order_strategy": "priority",
    },
    task_default_queue="miosa",
    timezone="UTC",
    beat_schedule={
        "ring-due-steps": {"task": "agents.ring_due", "schedule": 1.0, "options": {"expires": 2}},
        "sweep-memories": {"task": "agents.sweep_memories", "schedule": 300.0, "options": {"expires": 300}},
        "fire-schedules": {"task": "agents.fire_schedules", "schedule": 1.0, "options": {"expires": 2}},
        "ring-proposals": {"task": "agents.ring_proposals", "schedule": 20.0, "options": {"expires": 20}},
        "ring-due-deployments": {
            "task": "deployments.ring_due",
            "schedule": 1.0,
            "options": {"expires": 2},
        },
        "mail-approvals": {
            "task": "deployments.mail_approvals",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "meter-hosting": {"task": "deployments.meter", "schedule": 30.0, "options": {"expires": 30}},
        "mend-hosting": {"task": "deployments.mend", "schedule": 300.0, "options": {"expires": 300}},
        "sweep-contents": {"task": "deployments.sweep", "schedule": 3600.0, "options": {"expires": 3600}},
        "sweep-reservations": {
            "task": "billing.sweep_reservations",
            "schedule": 15.0,
            "options": {"expires": 15},
        },
        "expire-grants": {"task": "billing.expire_grants", "schedule": 60.0, "options": {"expires": 60}},
        "warn-of-spending": {"task": "billing.warn", "schedule": 60.0, "options": {"expires": 60}},
        "reconcile": {
            "task": "billing.reconcile",
            "schedule": crontab(hour="3", minute="17"),
            "options": {"expires": 3600},
        },
        "count-standing": {
            "task": "billing.count_standing",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "tell-usage": {"task": "billing.tell_usage", "schedule": 20.0, "options": {"expires": 20}},
        "apply-stripe-events": {
            "task": "billing.apply_stripe_events",
            "schedule": 5.0,
            "options": {"expires": 5},
        },
        "follow-subscriptions": {
            "task": "billing.follow_subscriptions",
            "schedule": 300.0,
            "options": {"expires": 300},
        },
        "heartbeat": {"task": "miosa.heartbeat", "schedule": 2.0, "options": {"expires": 4}},
        "refresh-statistics": {
            "task": "miosa.refresh_statistics",
            "schedule": 20.0,
            "options": {"expires": 20},
        },
        "gather-pool": {"task": "routing.gather_pool", "schedule": 20.0, "options": {"expires": 20}},
        "ring-judgements": {"task": "routing.ring_judgements", "schedule": 5.0, "options": {"expires": 5}},
        "sweep-gateway": {"task": "routing.sweep_gateway", "schedule": 300.0, "options": {"expires": 300}},
        "relearn": {"task": "routing.relearn", "schedule": 900.0, "options": {"expires": 900}},
        "anchor-audit": {"task": "tenants.anchor_audit", "schedule": 180.0, "options": {"expires": 180}},
        "verify-audit": {"task": "tenants.verify_audit", "schedule": 21_600.0},
        "forget-old-requests": {"task": "tenants.forget_old_requests", "schedule": 3600.0},
        "forget-ended-sessions": {"task": "tenants.forget_ended_sessions", "schedule": 3600.0},
    },
)
app.autodiscover_tasks(["tenants", "billing", "routing", "deployments", "agents", "miosa"])
app.autodiscover_tasks(["agents"], related_name="schedule_tasks")


@worker_init.connect
def _listen(**_kwargs: Any) -> None:
    """A worker hears what others learn as soon as it is there."""
    from routing import board

    board.listener.begin()


@worker_shutdown.connect
def _listen_no_more(**_kwargs: Any) -> None:
    from routing import board

    board.listener.end()


@setup_logging.connect
def _keep_our_logging(**_kwargs: Any) -> None:
    """Django's LOGGING stays in force: Celery would replace the root handlers."""
