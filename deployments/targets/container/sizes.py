"""How much a pod gets, and how many there are; pure."""

from dataclasses import dataclass
from typing import Final

from deployments.targets.contract import Place

MOST_REPLICAS: Final = 50
_DEFAULT: Final = "small"
_BOUNDS: Final = {
    "cpu_millis": (10, 64_000),
    "memory_mb": (32, 262_144),
    "replicas": (1, MOST_REPLICAS),
    "most_replicas": (1, MOST_REPLICAS),
}
NUMBERS: Final = tuple(_BOUNDS)
_SIZES: Final = {"small": (100, 256), "medium": (250, 512), "large": (500, 1024), "huge": (1000, 4096)}


@dataclass(frozen=True, slots=True)
class Size:
    """Of one service; more than `replicas` only under load, up to `most_replicas`."""

    cpu_millis: int
    memory_mb: int
    replicas: int
    most_replicas: int

    @property
    def scales(self) -> bool:
        """Whether the number of pods follows the load."""
        return self.most_replicas > self.replicas


def size_fault(settings_key: str, value: object) -> str:
    """Say what is wrong with one number of a service's settings, "" where nothing is."""
    low, high = _BOUNDS[settings_key]
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return ""
    return f"the setting {settings_key} is a whole number from {low} to {high}, not {value!r}"


def size_of(place: Place, *, serves_files: bool) -> Size:
    """Return the size that a place asks for; files may be served twice, a program keeps state of its own."""
    settings = place.settings
    cpu, memory = _SIZES.get(place.size or _DEFAULT, _SIZES[_DEFAULT])
    twice = serves_files and place.environment == "production"
    replicas = settings.get("replicas", 2 if twice else 1)
    return Size(
        cpu_millis=settings.get("cpu_millis", cpu),
        memory_mb=settings.get("memory_mb", memory),
        replicas=replicas,
        most_replicas=max(replicas, settings.get("most_replicas", replicas)),
    )


def named(size: str) -> bool:
    """Whether there is a size of this name; "" takes the smallest."""
    return size in {"", *_SIZES}
