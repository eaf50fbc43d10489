"""Tables of what is stored, what is shipped where, and what ran."""

from deployments.models.approval import Approval
from deployments.models.approval_policy import ApprovalPolicy
from deployments.models.deployment import Deployment
from deployments.models.deployment_event import DeploymentEvent
from deployments.models.deployment_log import DeploymentLog
from deployments.models.file_content import FileContent
from deployments.models.file_version import FileVersion
from deployments.models.health_check import HealthCheck
from deployments.models.project import Project
from deployments.models.release import Release
from deployments.models.sandbox_run import SandboxRun
from deployments.models.service import Service

__all__ = [
    "Approval",
    "ApprovalPolicy",
    "Deployment",
    "DeploymentEvent",
    "DeploymentLog",
    "FileContent",
    "FileVersion",
    "HealthCheck",
    "Project",
    "Release",
    "SandboxRun",
    "Service",
]
