"""What neither an evaluation nor a replay may do: nothing is kept, remembered or changed; of tools and files there are none.

A replay has tools and files of its own, without effects, in their place.
"""

from collections.abc import Mapping, Sequence

from agents.contract import Offered, Turn, Use


class NoEffects:
    """The part of a workbench with effects, without any."""

    def remember(self, text: str, **_options: object) -> str:
        """Remember nothing."""
        del text
        return ""

    def tools(self) -> tuple[Offered, ...]:
        """Offer none."""
        return ()

    def changing_tools(self) -> Mapping[str, str]:
        """There are none to permit."""
        return {}

    def earlier(self) -> tuple[Turn, ...]:
        """There are no rounds."""
        return ()

    def use(self, said: str, uses: Sequence[Use]) -> Turn:
        """Nothing was offered, so nothing can be asked for."""
        raise LookupError(f"no tools are offered: {said} {[one.tool for one in uses]}")

    def read(self, path: str) -> bytes | None:
        """There are no files."""
        del path
        return None

    def files(self) -> Mapping[str, int]:
        """There are no files."""
        return {}

    def originals(self) -> Mapping[str, bytes]:
        """There are no files."""
        return {}

    def keep(self, files: Mapping[str, bytes]) -> Mapping[str, str]:
        """Keep nothing."""
        del files
        return {}
