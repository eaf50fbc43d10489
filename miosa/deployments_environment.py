"""The variables of sandboxes and deployments: where code runs, where releases come alive."""

from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.variable_field import variable


@dataclass(frozen=True, kw_only=True)
class DeploymentsEnvironment:
    """What `Environment` knows about sandboxes and deployment targets; docs/deployments.md says what each means."""

    e2b_api_key: str = variable(
        "E2B_API_KEY",
        check.key,
        secret=True,
        present="code runs in E2B's cloud",
        absent="code runs in bubblewrap boxes here, through the same SDK",
    )
    sandboxes_url: str = variable("MIOSA_SANDBOXES_URL", check.url("http", "https"), secret=True)
    render_api_key: str = variable(
        "RENDER_API_KEY",
        check.key,
        secret=True,
        present="releases can be deployed to Render",
        absent="releases are deployed on this machine; Render only with a tenant's own key",
    )
    render_base_url: str = variable(
        "RENDER_BASE_URL", check.url("https", "http"), "https://api.render.com/v1"
    )
    render_webhook_secret: str = variable("RENDER_WEBHOOK_SECRET", check.key, secret=True)
    hosting_url: str = variable("MIOSA_HOSTING_URL", check.url("http", "https"), secret=True)
    sites_port: int = variable("MIOSA_SITES_PORT", check.number(1, 65_535), 8010)
    sites_url: str = variable("MIOSA_SITES_URL", check.url("http", "https"))
    app_idle_s: int = variable("MIOSA_APP_IDLE_S", check.number(5, 604_800), 900)
