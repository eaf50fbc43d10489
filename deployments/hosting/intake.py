"""Reads a deployment off the wire: a length, JSON, and where files are sent the archive and its SHA-256.

4 bytes, big-endian   length of the JSON
JSON                  what is wanted, with the list of files
tar, uncompressed     exactly these files (absent where the host holds the release already)
32 bytes              SHA-256 of the tar
"""

import hashlib
import hmac
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

from deployments.hosting.deploying import Wanted
from deployments.hosting.errors import Refused
from deployments.hosting.records import HowItRuns

LENGTH_BYTES, DIGEST_BYTES = 4, 32
JSON_BYTES = 8 * 1024 * 1024
SPOOL_BYTES = 8 * 1024 * 1024
BLOCK = 512
ENTRY_BYTES = 4_096  # headers of one file, long name included
SLACK_BYTES = 128 * 1024
LONGEST_DEADLINE_S = 3_600


async def read_wanted(
    chunks: AsyncIterator[bytes], folder: Path, named: dict[str, str]
) -> tuple[Wanted, IO[bytes] | None]:
    """Return what is wanted, and the checked archive where one was sent. Raises Refused."""
    reader = _Reader(chunks)
    length = int.from_bytes(await reader.exactly(LENGTH_BYTES))
    if length > JSON_BYTES:
        raise Refused(f"The description of a deployment has up to {JSON_BYTES:,} bytes.")
    wanted = wanted_of(await reader.exactly(length), named)
    return wanted, await _archive(reader, wanted, folder)


def wanted_of(raw: bytes, named: dict[str, str]) -> Wanted:
    """Read the description; `named` is what the address said. Raises Refused."""
    try:
        told = json.loads(raw)
        recipe = HowItRuns(**told.pop("recipe"))
        members: dict[str, Any] = {**told, **named, "recipe": recipe}
        if told.keys() & named.keys():
            raise ValueError("the address names these")
        wanted = Wanted(**members)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Refused("The description of the deployment is not what this host understands.") from error
    _check_kinds(wanted)
    return wanted


def _check_kinds(wanted: Wanted) -> None:
    recipe = wanted.recipe
    texts: tuple[Any, ...] = (
        wanted.service_id,
        wanted.like,
        recipe.kind,
        recipe.runtime,
        recipe.build,
        recipe.start,
        recipe.publish,
        wanted.checksum,
        wanted.release,
    )
    numbers: tuple[Any, ...] = (
        recipe.port,
        *(wanted.files.values() if isinstance(wanted.files, dict) else ()),
    )
    mappings = (wanted.files, wanted.variables, wanted.settings)
    right = all(isinstance(text, str) for text in texts) and all(isinstance(one, dict) for one in mappings)
    if (
        not right
        or not all(type(number) is int for number in numbers)
        or not 0 < recipe.health_deadline_s <= LONGEST_DEADLINE_S
    ):
        raise Refused("The description of the deployment holds a value of the wrong kind.")


async def _archive(reader: "_Reader", wanted: Wanted, folder: Path) -> IO[bytes] | None:
    """Take the archive in while it can still be what was announced: more is refused before it is kept."""
    padded = sum(size + BLOCK - size % BLOCK for size in wanted.files.values())
    most = padded + len(wanted.files) * ENTRY_BYTES + SLACK_BYTES
    spool: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL_BYTES, dir=str(folder))  # noqa: SIM115  (whoever gets it closes it)
    digest, tail, total = hashlib.sha256(), b"", 0
    async for chunk in reader.rest():
        data = tail + chunk
        body, tail = data[:-DIGEST_BYTES], data[-DIGEST_BYTES:]
        total += len(body)
        if total > most:
            spool.close()
            raise Refused("The archive is larger than the list of its files says.")
        digest.update(body)
        spool.write(body)
    if not total and not tail:
        spool.close()
        return None
    if not hmac.compare_digest(digest.digest(), tail):
        spool.close()
        raise Refused("The archive was damaged on its way: send it again.")
    spool.seek(0)
    return spool


class _Reader:
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks, self._held = chunks, b""

    async def exactly(self, count: int) -> bytes:
        while len(self._held) < count:
            try:
                self._held += await anext(self._chunks)
            except StopAsyncIteration:
                raise Refused("The request ends in the middle of its description.") from None
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    async def rest(self) -> AsyncIterator[bytes]:
        held, self._held = self._held, b""
        if held:
            yield held
        async for chunk in self._chunks:
            if chunk:
                yield chunk
