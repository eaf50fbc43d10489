"""How large the parts of an archive may be: a small file must not become a flood when it is unpacked."""

MOST_LINE_BYTES = 64 * 1024 * 1024  # one row
MOST_TIMES = 200  # unpacked bytes for each packed one; rows of a tenant come to 3 to 30
ALWAYS_ALLOWED_BYTES = 64 * 1024 * 1024  # small archives may repeat themselves


def most_unpacked_bytes(packed_bytes: int) -> int:
    """Return how many bytes the files of an archive of this size may have together."""
    return max(ALWAYS_ALLOWED_BYTES, packed_bytes * MOST_TIMES)
