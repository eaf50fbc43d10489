"""The files that one step works with: what was handed in, what the steps before it left, what it made itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from agents import artefacts
from agents.models import Artefact


@dataclass
class Workspace:
    """Paths to bytes; nothing is read from the store before somebody asks for it. Every change is kept at once."""

    execution_id: UUID
    step_id: UUID
    _newest: dict[str, Artefact] | None = field(default=None, repr=False)

    def paths(self) -> dict[str, int]:
        """Return the sizes in bytes by path, in the order of their names."""
        return {path: one.size_bytes for path, one in sorted(self._there().items())}

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a path, None where there is none."""
        found = self._there().get(path)
        return None if found is None else artefacts.read(found)

    def read_all(self, paths: Iterable[str] | None = None) -> dict[str, bytes]:
        """Return the bytes of these paths, or of all, by path."""
        wanted = (
            self._there() if paths is None else {p: self._there()[p] for p in paths if p in self._there()}
        )
        return {path: artefacts.read(one) for path, one in wanted.items()}

    def originals(self) -> dict[str, bytes]:
        """Return the files that came from outside as they came, by path."""
        return {path: artefacts.read(one) for path, one in artefacts.originals(self.execution_id).items()}

    def keep(self, files: Mapping[str, bytes], *, origin: str = Artefact.Origin.TOOL) -> dict[str, str]:
        """Store files as new versions; return their SHA-256 by path."""
        digests = artefacts.keep(self.execution_id, files, origin=origin, step_id=self.step_id)
        self._newest = None
        return digests

    def _there(self) -> dict[str, Artefact]:
        if self._newest is None:
            self._newest = artefacts.newest(self.execution_id)
        return self._newest
