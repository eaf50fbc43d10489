"""Absolute links to this installation, as people outside reach it."""

from django.conf import settings

from miosa.people_environment import public_base


def absolute(path: str) -> str:
    """Return the link to a path, which begins with a slash; never made from a request's Host header."""
    environment = settings.ENVIRONMENT
    return public_base(environment, host=environment.host, port=environment.port) + path


def is_https() -> bool:
    """Tell whether people reach us over TLS, so that cookies may insist on it."""
    return absolute("/").startswith("https://")
