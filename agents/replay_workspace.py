"""The files of a replay: as the stored step found them, and what the replay makes of them, for itself alone."""

from collections.abc import Iterable, Mapping

from agents import artefacts
from agents.models import Artefact, Step
from agents.workspace import Workspace
from deployments import contents
from deployments.paths import refuse_file_as_folder
from miosa.http.problem import NotFound, Unprocessable


class ReplayWorkspace(Workspace):
    """Nothing that is kept here reaches the store; with the replay it is gone."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.execution_id, step.pk)
        self._step = step
        self._made: dict[str, bytes] = {}
        self._handed: set[str] = set()

    def paths(self) -> dict[str, int]:
        made = {path: len(content) for path, content in self._made.items()}
        return dict(sorted({**super().paths(), **made}.items()))

    def read(self, path: str) -> bytes | None:
        return self._made[path] if path in self._made else super().read(path)

    def read_all(self, paths: Iterable[str] | None = None) -> dict[str, bytes]:
        wanted = set(self.paths()) if paths is None else set(paths)
        made = {path: content for path, content in self._made.items() if path in wanted}
        return super().read_all(sorted(wanted - set(made))) | made

    def originals(self) -> dict[str, bytes]:
        """Return what came from outside before the step began, and what its recorded uses brought in since."""
        found = artefacts.originals(self.execution_id)
        there = self._there().keys() | self._handed
        return {path: artefacts.read(one) for path, one in found.items() if path in there}

    def keep(self, files: Mapping[str, bytes], *, origin: str = Artefact.Origin.TOOL) -> dict[str, str]:
        """Keep files for the rest of the replay; raises Unprocessable for what a store would not take."""
        del origin
        named = artefacts.taken(files)
        for content in named.values():
            if len(content) > contents.MOST_FILE_BYTES:
                raise Unprocessable(f"A file may have {contents.MOST_FILE_BYTES:,} bytes.")
        refuse_file_as_folder({*self.paths(), *named})
        self._made |= named
        return {path: contents.digest_of(content) for path, content in named.items()}

    def hand_in(self, files: Mapping[str, str]) -> None:
        """Let the files that a recorded use left, path to SHA-256, be there from now on."""
        for path, digest in files.items():
            try:
                self._made[path] = contents.read(digest)
            except NotFound:
                continue  # swept with what referred to it
            self._handed.add(path)

    def _there(self) -> dict[str, Artefact]:
        if self._newest is None:
            self._newest = artefacts.before(self._step)
        return self._newest
