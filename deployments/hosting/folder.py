"""The folder of one site: what lies where, how it is read at the start, and what is cleared away.

site.json                     SiteRecord
current -> deployments/<id>   what gets the traffic; going live is the renaming of this link
deployments/<id>/             deployment.json, the log
releases/<checksum>/          files as they were sent, never changed
builds/<id>/                  the same after a build, where the recipe has one
.incoming/                    whatever is not finished; emptied at each start
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from deployments.hosting import atomic
from deployments.hosting.records import Deployed, SiteRecord

PRIVATE = 0o700


class Folder:
    """One site on the disk. Its methods block for as long as the disk does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.incoming = path / ".incoming"

    def create(self, record: SiteRecord) -> None:
        """Make it, with nothing in it."""
        for name in ("deployments", "releases", "builds", ".incoming"):
            (self.path / name).mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        self.save(record)

    def read(self) -> tuple[SiteRecord, dict[str, Deployed]] | None:
        """Return what is kept, None where the site was not finished or is half removed. Clears leftovers away."""
        try:
            record = SiteRecord.of_json(json.loads((self.path / "site.json").read_text()))
        except FileNotFoundError:
            shutil.rmtree(self.path, ignore_errors=True)
            return None
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(mode=PRIVATE)
        return record, {deployed.id: deployed for deployed in self._deployments()}

    def _deployments(self) -> Iterator[Deployed]:
        for path in (self.path / "deployments").iterdir():
            try:
                yield Deployed.of_json(json.loads((path / "deployment.json").read_text()))
            except FileNotFoundError:  # killed before it was accepted
                shutil.rmtree(path, ignore_errors=True)

    def save(self, record: SiteRecord) -> None:
        """Keep the site's record."""
        atomic.write_json(self.path / "site.json", record.as_json())

    def keep(self, deployed: Deployed) -> None:
        """Keep a deployment's record."""
        folder = self.deployment(deployed.id)
        folder.mkdir(exist_ok=True, mode=PRIVATE)
        atomic.write_json(folder / "deployment.json", deployed.as_json())

    def deployment(self, deployment_id: str) -> Path:
        """Return the folder of a deployment's record and log."""
        return self.path / "deployments" / deployment_id

    def release(self, checksum: str) -> Path:
        """Return where the files of a release lie."""
        return self.path / "releases" / checksum

    def build(self, deployment_id: str) -> Path:
        """Return where the files of a build lie."""
        return self.path / "builds" / deployment_id

    def files_of(self, deployed: Deployed) -> Path:
        """Return the folder a deployment serves or runs."""
        return self.build(deployed.built) if deployed.built else self.release(deployed.checksum)

    def switch(self, deployment_id: str) -> None:
        """Let a deployment be the current one: one rename."""
        atomic.point(self.path / "current", f"deployments/{deployment_id}")

    def switch_off(self) -> None:
        """Let none be the current one."""
        (self.path / "current").unlink(missing_ok=True)

    def current(self) -> str:
        """Return the deployment that is current, empty where there is none."""
        try:
            return (self.path / "current").readlink().name
        except FileNotFoundError:
            return ""

    def size_bytes(self) -> int:
        """Return what the files of all kept releases and builds take."""
        return sum(tree_bytes(self.path / name) for name in ("releases", "builds"))

    def remove(self, path: Path) -> None:
        """Remove a release, a build or a deployment: first out of sight in one rename, then file by file."""
        with contextlib.suppress(FileNotFoundError):
            away = self.incoming / f"removed-{path.name}-{os.urandom(4).hex()}"
            path.rename(away)
            shutil.rmtree(away, ignore_errors=True)

    def destroy(self) -> None:
        """Remove everything. Killed in the middle, the next start removes the rest: `site.json` goes first."""
        (self.path / "site.json").unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def tree_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(place) / name).lstat().st_size
    return total
