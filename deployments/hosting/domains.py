"""Host names of a site's own: whoever asked first has it."""

from collections.abc import Iterable
from typing import Any

from deployments.hosting.errors import Refused
from deployments.hosting.host import Host
from deployments.hosting.names import check_domain
from deployments.hosting.site import Site

MOST = 20


async def replace_domains(host: Host, site: Site, names: Iterable[str]) -> list[dict[str, Any]]:
    """Make these the site's host names. Raises Refused, also where one is another site's."""
    wanted = tuple(dict.fromkeys(check_domain(name, own=host.options.domain) for name in names))
    if len(wanted) > MOST:
        raise Refused(f"A site has up to {MOST} host names.")
    async with site.lock:
        for name in wanted:
            if host.by_domain.get(name, site) is not site:
                raise Refused(f"{name} is another site's host name already.")
        site.change(domains=wanted)
        host.release_domains(site)
        host.by_domain.update(dict.fromkeys(wanted, site))
    # Whether the name leads here is seen by the first request for it: nobody but its owner can bring one.
    return [{"name": name, "record": f"CNAME {name} -> {host.options.domain}"} for name in wanted]
