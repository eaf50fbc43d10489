"""Tables of what ran where."""

from deployments.models.sandbox_run import SandboxRun

__all__ = ["SandboxRun"]
