"""Why an archive is not made or not taken."""


class ArchiveRefused(Exception):  # noqa: N818  reads as the sentence it prints
    """Nothing was changed; the message is one line and says what to do."""
