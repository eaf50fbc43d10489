"""Which addresses belong to the public internet, seen through every way of writing one inside another; pure."""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registries: everything that is not one host on the public internet. The standard library's
# own lists change with its version.
NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
PUBLIC_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
)

# IPv6 addresses that stand for an IPv4 one: the network, and how far from the right its 32 bits begin.
TRANSLATED = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated, RFC 2765
    (IPv6Network("::/96"), 0),  # compatible, long deprecated
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
TEREDO = IPv6Network("2001::/32")


def is_public(address: Address) -> bool:
    """Tell whether this is one host on the public internet, whatever it is wrapped in."""
    inner = unwrapped(address)
    if inner != (address,):
        return all(is_public(one) for one in inner)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in PUBLIC_6 and not any(address in network for network in NOT_PUBLIC_6)


def unwrapped(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses that an IPv6 one leads to; the address itself where it wraps none."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address in TEREDO:
        # The relay's address stands plainly, the host's with all its bits turned.
        return (_bits(address, 64), IPv4Address(int(_bits(address, 0)) ^ 0xFFFFFFFF))
    for network, shift in TRANSLATED:
        if address in network and address not in {IPv6Address("::"), IPv6Address("::1")}:
            return (_bits(address, shift),)
    return (address,)


def within(address: Address, networks: tuple[Network, ...]) -> bool:
    """Tell whether the address, or what it wraps, lies in one of the networks."""
    return any(one in network for one in {address, *unwrapped(address)} for network in networks)


def read_address(text: str) -> Address | None:
    """Return the address that a text spells in the usual way; None for names and for odd spellings."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def read_network(text: str) -> Network | None:
    """Return the network or single address that a text spells, None for anything else."""
    try:
        return ip_network(text)
    except ValueError:
        return None


def _bits(address: IPv6Address, shift: int) -> IPv4Address:
    return IPv4Address(int(address) >> shift & 0xFFFFFFFF)
