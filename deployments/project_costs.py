"""Which project a ledger entry is for: that of the service that ran, or of the release that its execution made."""

from billing import breakdown

PROJECT = breakdown.Dimension(
    "coalesce(p.id::text, '')",
    "coalesce(p.name, '')",
    """LEFT JOIN deployments_service s ON s.tenant_id = e.tenant_id AND s.id::text = e.details ->> 'service_id'
  LEFT JOIN LATERAL (
    SELECT project_id FROM deployments_release made
    WHERE made.tenant_id = e.tenant_id AND made.execution_id = e.execution_id ORDER BY made.id LIMIT 1) made ON true
  LEFT JOIN deployments_project p ON p.tenant_id = e.tenant_id AND p.id = coalesce(s.project_id, made.project_id)""",
)


def tell() -> None:
    """Let usage be sorted by project."""
    breakdown.register("project", PROJECT)
