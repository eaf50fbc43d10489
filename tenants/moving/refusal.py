"""Why a tenant is not moved."""


class MoveRefused(Exception):  # noqa: N818  reads as the sentence it prints
    """The move did not happen, or is not finished; the message is one line and says what to do."""
