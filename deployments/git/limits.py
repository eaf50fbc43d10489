"""What a remote may send and how long it may take."""

from dataclasses import dataclass

from deployments.archives.limits import Limits

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GitLimits:
    """`pack_bytes` as they are sent; `tree` is what may come out of them. `objects` includes folders and the commit."""

    total_s: float = 60.0
    pack_bytes: int = 64 * MEBIBYTE
    objects: int = 20_000
    depth: int = 32
    tags: int = 5  # tags of tags that are followed
    tree: Limits = Limits()  # noqa: RUF009  frozen


LIMITS = GitLimits()
