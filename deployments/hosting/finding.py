"""Reads the address of a request: whose site it means, and whether its signature is good."""

from dataclasses import dataclass

from deployments.hosting import pages
from deployments.hosting.addresses import Claim, Verdict, read_label, read_path, verify
from deployments.hosting.host import Host
from deployments.hosting.pages import Page
from deployments.hosting.protection import Form
from deployments.hosting.site import Site

BAD = {Verdict.EXPIRED: pages.EXPIRED, Verdict.FORGED: pages.FORGED}


@dataclass(frozen=True, slots=True)
class Found:
    """An address that is good: `prefix` is what was before the path; `variant` is empty for what is live."""

    site: Site
    form: Form
    path: str
    raw_path: bytes
    prefix: str = ""
    variant: str = ""
    claim: Claim | None = None


def find(host: Host, asked: bytes, path: str, raw_path: bytes, *, now: float) -> Found | Page:
    """Look at the host name that was asked first, whether it is a site's own; then at the path."""
    name = asked.decode("latin-1").lower()
    name = name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() else name
    if (site := host.by_domain.get(name)) is not None:
        return Found(site, Form.HOST, path, raw_path)
    label, _, domain = name.partition(".")
    if domain == host.options.domain:
        return _by_label(host, label, path, raw_path, now)
    return _by_path(host, path, raw_path, now)


def _by_label(host: Host, label: str, path: str, raw_path: bytes, now: float) -> Found | Page:
    site = host.by_name.get(label)
    if site and site.is_public:
        return Found(site, Form.HOST, path, raw_path)
    claim = read_label(label)
    site = host.by_id.get(claim.site) if claim else None
    if not claim or not site:
        return pages.NO_SITE
    verdict = verify(host.key, claim, site=site.id, now=now)
    return BAD.get(verdict) or Found(site, Form.HOST, path, raw_path, "", claim.variant, claim)


def _by_path(host: Host, path: str, raw_path: bytes, now: float) -> Found | Page:
    read = read_path(path)
    site = host.by_name.get(read[0].site) if read else None
    if not read or not site:
        return pages.NO_SITE
    claim, rest = read
    verdict = verify(host.key, claim, site=site.id, now=now)
    if page := BAD.get(verdict):
        return page
    signed = path[: len(path) - len(rest)] if rest else path
    raw_rest = b"/" + raw_path.split(b"/", 3)[3] if rest else b""
    return Found(site, Form.PATH, rest, raw_rest, f"{signed}/", claim.variant, claim)
