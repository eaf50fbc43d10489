"""Why a tenant is not erased, or not to the end."""


class ErasureRefused(Exception):  # noqa: N818  reads as the sentence it prints
    """The message is one line; it says what was done and what to do."""
