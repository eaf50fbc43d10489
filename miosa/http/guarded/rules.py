"""What the operator and the caller permit a call to be."""

from dataclasses import dataclass
from functools import cached_property

from miosa.http.guarded.addresses import Network, read_network

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Rules:
    """`allow` is the operator's MIOSA_OUTGOING_ALLOW: hosts (`name`, `name:port`) and networks beyond the public internet."""

    allow: tuple[str, ...] = ()
    most_bytes: int = 5 * MEBIBYTE  # of a body, as it is after decompression
    total_s: float = 20.0  # for everything: names, connections, redirects, body
    connect_s: float = 5.0
    read_s: float = 10.0  # between two pieces of an answer
    most_hops: int = 5  # redirects that are followed; 0: none

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        return tuple(network for network in map(read_network, self.allow) if network is not None)

    def names(self, host: str, port: int) -> bool:
        """Tell whether the operator named this host, for this port or for all."""
        return bool({host, f"{host}:{port}"} & set(self.allow))
