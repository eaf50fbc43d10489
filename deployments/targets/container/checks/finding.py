"""What one check says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at, in words; `faults` is empty where it holds."""

    what: str
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return not self.faults

    def __str__(self) -> str:
        return f"ok: {self.what}" if self.passed else f"FAULT: {self.what}: {'; '.join(self.faults)}"
