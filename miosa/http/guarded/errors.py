"""Why a call to an address that a user chose was not made, or not finished.

httpx.TransportError
├── OutgoingRefused     the address is not one we call, here or after a redirect; trying again changes nothing
│   └── BodyTooLarge    more came back than is accepted
└── TookTooLong         the time for the whole call is over; may be tried again later
"""

import httpx


class OutgoingRefused(httpx.TransportError):
    """The address is not one that we call; the message says why, for whoever chose it."""


class BodyTooLarge(OutgoingRefused):
    """More came back than is accepted; the connection was cut."""


class TookTooLong(httpx.TimeoutException):
    """The time for the whole call, redirects and body included, is over."""
