"""What the control side tells of sites and deployments, with their signed addresses."""

import math
import time
from typing import Any

from deployments.hosting.addresses import NEVER, label_of, path_of, variant_of
from deployments.hosting.host import LOOK, Host
from deployments.hosting.records import BUILDING, LIVE, RELEASING, Deployed
from deployments.hosting.site import WHOLE, Site

DAY_S, HOUR_S = 86_400, 3_600


def deployment(host: Host, site: Site, one: Deployed) -> dict[str, Any]:
    """Return how a deployment stands."""
    phase, detail = site.phase_of(one)
    share = site.record.percent if one.id == site.record.candidate else 0
    return {
        "id": one.id,
        "phase": phase,
        "detail": detail,
        "release": one.release,
        "checksum": one.checksum,
        "build_s": one.build_s,
        "traffic_percent": WHOLE - site.record.percent if one.id == site.current else share,
        "candidate_url": address(host, site, variant_of(one.id)) if phase == RELEASING else "",
        "retry_after_s": 0.1 if phase == BUILDING else 1.0,
        "asleep": phase == LIVE and site.sleeps(one),
        "look_headers": {LOOK.decode(): host.look_key},
        **addresses(host, site),
    }


def addresses(host: Host, site: Site) -> dict[str, str]:
    """Return the site's public address, and the same in host form."""
    own = _base(host, host_name=host_name(host, site))
    if site.record.domains:
        public = _base(host, host_name=site.record.domains[0])
        return {"url": public if not host.options.is_local else address(host, site), "host_url": own}
    by_host = site.record.settings.get("address") == "host" or (site.is_public and not host.options.is_local)
    return {"url": own if by_host else address(host, site), "host_url": own}


def address(host: Host, site: Site, variant: str = "") -> str:
    """Return an address in path form, which works everywhere."""
    until = _until(host, site, variant)
    path = path_of(host.key, name=site.name, site=site.id, variant=variant, until=until)
    return f"{host.options.sites_url.rstrip('/')}{path}"


def host_name(host: Host, site: Site) -> str:
    """Return the host name of a site's own: its plain name where anybody may see it."""
    if site.is_public:
        return f"{site.name}.{host.options.domain}"
    return f"{label_of(host.key, site=site.id, until=_until(host, site, ''))}.{host.options.domain}"


def whole(host: Host, site: Site) -> dict[str, Any]:
    """Return a site with all its deployments."""
    record = site.record
    return {
        "tenant_id": record.tenant_id,
        "service_id": record.service_id,
        "name": record.name,
        "suspended": record.suspended,
        "current": site.current,
        "candidate": record.candidate,
        "percent": record.percent,
        "previous": record.previous,
        "domains": list(record.domains),
        "deployments": {one.id: site.phase_of(one)[0] for one in site.deployed.values()},
        "running": [one for one, app in site.apps.items() if app.is_open],
        **addresses(host, site),
    }


def live_count(host: Host) -> int:
    """Return how many sites serve."""
    return sum(one.phase == LIVE for site in host.by_name.values() for one in [*site.deployed.values()])


def _base(host: Host, *, host_name: str) -> str:
    scheme, _, rest = host.options.sites_url.partition("://")
    port = rest.partition("/")[0].rpartition(":")[2]
    return f"{scheme}://{host_name}{f':{port}' if port.isdigit() else ''}/"


def _until(host: Host, site: Site, variant: str) -> int:
    """Rounded up, so that an address stays the same for a while."""
    if site.is_public and not variant:
        return NEVER
    step = HOUR_S if variant else DAY_S
    ttl_s = site.record.settings.get("url_ttl_s")
    lasting = HOUR_S if variant else ttl_s if isinstance(ttl_s, int) and ttl_s > 0 else host.options.url_ttl_s
    if lasting < step:
        return int(time.time()) + lasting
    return math.ceil((time.time() + lasting) / step) * step
