"""All sites of this machine: found by name, by id and by host name; read back as they were after any kill."""

import asyncio
import hashlib
import hmac
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deployments.hosting.apps.app import OpenBox
from deployments.hosting.errors import Lost, Refused
from deployments.hosting.folder import PRIVATE, Folder
from deployments.hosting.names import check_identity, check_site
from deployments.hosting.records import SiteRecord
from deployments.hosting.site import Site
from deployments.hosting.static_files import StaticFiles
from deployments.hosting.usage import Usage

BUILDS_AT_ONCE = 2
LOOK = b"x-miosa-look"  # the header of a request that is no visit
LEAST_FREE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """How the host is set up. `sites_url` is what people open; its host name is the domain of sites' own names."""

    root: Path
    secret: str
    sites_url: str
    idle_s: float = 900.0
    url_ttl_s: int = 30 * 86_400
    warm_s: float = 300.0

    @property
    def domain(self) -> str:
        """The domain under which a site has a host name of its own."""
        name = urlsplit(self.sites_url).hostname or ""
        return "localhost" if name in {"localhost", "127.0.0.1", "::1"} else name

    @property
    def is_local(self) -> bool:
        """Whether people open sites on this machine itself."""
        return self.domain == "localhost"


class Host:
    """What the control side changes and the sites' side reads."""

    def __init__(self, options: Options, open_box: OpenBox) -> None:
        self.options, self.open_box = options, open_box
        self.key = f"hosting addresses\0{options.secret}".encode()
        self.look_key = hmac.new(self.key, b"looks", hashlib.sha256).hexdigest()
        self.files = StaticFiles()
        self.usage = Usage(options.root / "usage.json")
        self.builds = asyncio.Semaphore(BUILDS_AT_ONCE)
        self.by_id: dict[str, Site] = {}
        self.by_name: dict[str, Site] = {}
        self.by_domain: dict[str, Site] = {}

    def read(self) -> None:
        """Read what the disk holds."""
        self.options.root.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        for path in self._folders():
            folder = Folder(path)
            if (kept := folder.read()) is not None:
                site = Site(folder, *kept)
                site.restore()
                self._enter(site)

    def _folders(self) -> Iterator[Path]:
        for tenant in self.options.root.iterdir():
            if tenant.is_dir():
                yield from (path for path in tenant.iterdir() if path.is_dir())

    def site(self, tenant_id: str, name: str) -> Site:
        """Return a tenant's site. Raises Lost, also where the name is another tenant's."""
        site = self.by_name.get(name)
        if site is None or site.record.tenant_id != tenant_id:
            raise Lost(f"There is no site {name[:80]!r} here.")
        return site

    def open(self, tenant_id: str, service_id: str, name: str) -> Site:
        """Return the tenant's site of this name, made if it is new. Raises Refused."""
        check_identity(tenant_id), check_identity(service_id), check_site(name)
        if (site := self.by_name.get(name)) is not None:
            if site.record.tenant_id != tenant_id:
                raise Refused(f"The name {name!r} is taken: choose another one.")
            return site
        folder = Folder(self.options.root / tenant_id / name)
        record = SiteRecord(tenant_id=tenant_id, service_id=service_id, name=name)
        folder.create(record)
        site = Site(folder, record, {})
        self._enter(site)
        return site

    def is_look(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request only sees if all is well: it is no visit, and nobody pays for its answer."""
        given = next((value for name, value in headers if name == LOOK), b"")
        return bool(given) and hmac.compare_digest(given, self.look_key.encode())

    def _enter(self, site: Site) -> None:
        self.by_id[site.id] = self.by_name[site.name] = site
        for domain in site.record.domains:
            self.by_domain[domain] = site

    def leave(self, site: Site) -> None:
        """Forget a site that is destroyed."""
        site.gone = True
        self.by_id.pop(site.id, None), self.by_name.pop(site.name, None)
        self.release_domains(site)

    def release_domains(self, site: Site) -> None:
        """Forget its host names."""
        for domain in [domain for domain, owner in self.by_domain.items() if owner is site]:
            del self.by_domain[domain]

    def refuse_full_disk(self, needed_bytes: int) -> None:
        """Raise Refused where the host's own disk has no room."""
        if shutil.disk_usage(self.options.root).free < needed_bytes + LEAST_FREE_BYTES:
            raise Refused("The host's disk is full: its operator has to free some space.")
