"""The admin's pages of deployments: what is stored, what runs where, and what ran."""

from deployments.admin import (
    approval_policies,
    approvals,
    deployments,
    projects,
    releases,
    sandbox_runs,
    services,
)

__all__ = [
    "approval_policies",
    "approvals",
    "deployments",
    "projects",
    "releases",
    "sandbox_runs",
    "services",
]
