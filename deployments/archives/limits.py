"""What an archive may be, and how it is refused."""

from dataclasses import dataclass

from miosa.http.problem import Unprocessable

MEBIBYTE = 1024 * 1024


class ArchiveRefused(Unprocessable):
    """The archive is not taken, and nothing of it was written; the message names the member and the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes count after decompression; `ratio` is checked beyond `ratio_from` bytes, where chance plays no part."""

    files: int = 5_000
    file_bytes: int = 16 * MEBIBYTE
    total_bytes: int = 256 * MEBIBYTE
    ratio: int = 200
    ratio_from: int = 8 * MEBIBYTE

    def refuse_count(self, count: int) -> None:
        """Raise ArchiveRefused for more members than are taken; folders count."""
        if count > self.files:
            raise ArchiveRefused(f"The archive holds more than {self.files:,} files and folders.")

    def refuse_size(self, name: str, size: int, total: int) -> None:
        """Raise ArchiveRefused for a file that is too large, or with which all are."""
        if size > self.file_bytes:
            raise ArchiveRefused(f"{name} has {size:,} bytes; a file may have {self.file_bytes:,}.")
        if total > self.total_bytes:
            raise ArchiveRefused(
                f"With {name} the files have {total:,} bytes together; {self.total_bytes:,} are taken."
            )

    def refuse_ratio(self, packed: int, plain: int) -> None:
        """Raise ArchiveRefused for what grows beyond measure when it is unpacked."""
        if plain > self.ratio_from and plain > self.ratio * max(packed, 1):
            raise ArchiveRefused(
                f"The archive grows to more than {self.ratio} times its size when it is unpacked."
            )
