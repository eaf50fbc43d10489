"""Which request is whose: the table of the double's routes."""

import re
from collections.abc import Callable

from miosa.testing.render_double import deploy_routes, rest_routes, service_routes
from miosa.testing.render_double.messages import Answer

ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", "/owners", service_routes.list_owners),
    ("GET", "/services", service_routes.list_services),
    ("POST", "/services", service_routes.create_service),
    ("GET", "/services/ID", service_routes.read_service),
    ("PATCH", "/services/ID", service_routes.change_service),
    ("DELETE", "/services/ID", service_routes.delete_service),
    ("POST", "/services/ID/suspend", service_routes.suspend),
    ("POST", "/services/ID/resume", service_routes.resume),
    ("GET", "/services/ID/env-vars", service_routes.list_variables),
    ("PUT", "/services/ID/env-vars", service_routes.replace_variables),
    ("PUT", "/services/ID/env-vars/ID", service_routes.write_variable),
    ("GET", "/services/ID/deploys", deploy_routes.list_deploys),
    ("POST", "/services/ID/deploys", deploy_routes.trigger_deploy),
    ("GET", "/services/ID/deploys/ID", deploy_routes.read_deploy),
    ("POST", "/services/ID/deploys/ID/cancel", deploy_routes.cancel_deploy),
    ("POST", "/services/ID/rollback", deploy_routes.roll_back),
    ("GET", "/services/ID/custom-domains", rest_routes.list_domains),
    ("POST", "/services/ID/custom-domains", rest_routes.add_domain),
    ("DELETE", "/services/ID/custom-domains/ID", rest_routes.remove_domain),
    ("POST", "/services/ID/custom-domains/ID/verify", rest_routes.verify_domain),
    ("GET", "/services/ID/events", rest_routes.list_events),
    ("GET", "/events/ID", rest_routes.read_event),
    ("GET", "/logs", rest_routes.list_logs),
    ("POST", "/webhooks", rest_routes.create_webhook),
    ("GET", "/webhooks", rest_routes.list_webhooks),
    ("GET", "/webhooks/ID/events", rest_routes.webhook_events),
)
SHAPES = tuple((method, re.compile(path.replace("ID", "([^/]+)")), route) for method, path, route in ROUTES)


def route_of(method: str, path: str) -> tuple[Callable[..., Answer], tuple[str, ...]] | None:
    """Return what answers a request, and the ids in its path."""
    for known, shape, route in SHAPES:
        match = shape.fullmatch(path)
        if match and known == method:
            return route, match.groups()
    return None
