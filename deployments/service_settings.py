"""What may be set of a service, and what each value may be; pure. A plan bounds some of it further."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from miosa.http.problem import Unprocessable, invalid

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}")
HOST = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
YEAR_S = 365 * 86_400
MOST_HOSTS, MOST_SHARES = 50, 10


def _between(least: float, most: float, *, whole: bool = True) -> tuple[Callable[[Any], bool], str]:
    kinds = (int,) if whole else (int, float)
    return (
        lambda value: isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most,
        f"is a number from {least:,g} to {most:,g}",
    )


def _is_yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(WORD.fullmatch(value))


def _are_hosts(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_HOSTS
        and all(isinstance(one, str) and HOST.fullmatch(one) for one in value)
    )


def _are_shares(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= MOST_SHARES
        and all(type(one) is int and 0 < one < 100 for one in value)  # noqa: PLR2004  per cent
        and value == sorted(set(value))
    )


YES_OR_NO = (_is_yes_or_no, "is true or false")
A_WORD = (_is_word, "is a name of letters, digits and . _ / : -")
KNOWN: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "public": YES_OR_NO,  # anybody may open it; otherwise its address is signed and ends
    "url_ttl_s": _between(60, YEAR_S),
    "one_page": YES_OR_NO,  # a path without a file is answered by index.html
    "memory_mb": _between(32, 4_096),
    "egress_hosts": (_are_hosts, f"is a list of at most {MOST_HOSTS} host names"),
    "canary_steps": (_are_shares, "is a rising list of shares between 1 and 99"),
    "canary_hold_s": _between(0.1, 3_600, whole=False),
    "build_deadline_s": _between(10, 1_800),
    "region": A_WORD,
    "size": A_WORD,
    "owner": A_WORD,  # a workspace at Render
    "registry": A_WORD,
    "namespace": A_WORD,
    "ingress_class": A_WORD,
    "issuer": A_WORD,
}


def changed(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with these changes; None takes one away. Raises Unprocessable, naming each that is wrong."""
    errors = []
    for name, value in changes.items():
        if name not in KNOWN:
            errors.append(invalid(f"is none of {', '.join(sorted(KNOWN))}", "settings", name))
        elif value is not None and not KNOWN[name][0](value):
            errors.append(invalid(KNOWN[name][1], "settings", name))
    if errors:
        raise Unprocessable(errors=errors)
    return {name: value for name, value in {**settings, **changes}.items() if value is not None}


def shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return those that were set, without what the product keeps beside them."""
    return {name: value for name, value in settings.items() if name in KNOWN}
