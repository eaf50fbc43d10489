"""Where the text of an environment variable comes from: the process, `.env`, or a file named by `NAME_FILE`."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

LARGEST_SECRET_FILE_BYTES = 65_536


class InvalidEnvironment(Exception):  # noqa: N818  reads as the sentence it prints
    """A variable has a value the product cannot use; the message names it and says what to do."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.reason = reason


def dot_env(path: Path | None) -> Mapping[str, str]:
    """Return the variables of a `.env` file; none where there is no such file."""
    if path is None or not path.exists():
        return {}
    try:
        # No interpolation: a `$` in a password is a `$`.
        return {
            name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None
        }
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidEnvironment(
            str(path), f"cannot be read ({_cause(error)}): repair or remove it"
        ) from None


def text_of(name: str, source: Mapping[str, str], *, may_be_file: bool) -> str:
    """Return one variable's text from `source`; with `may_be_file` also from the file that `NAME_FILE` names."""
    path = source.get(f"{name}_FILE", "") if may_be_file else ""
    value = source.get(name, "").strip()
    if not path:
        return value
    if value:
        raise InvalidEnvironment(name, f"and {name}_FILE are both set: keep one of them")
    try:
        with Path(path).open("rb") as file:
            text = file.read(LARGEST_SECRET_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = f"names a file that cannot be read ({_cause(error)}): correct the path or its permissions"
        raise InvalidEnvironment(f"{name}_FILE", reason) from None
    if not text:
        raise InvalidEnvironment(f"{name}_FILE", "names an empty file: write the secret into it")
    return text


def _cause(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "unreadable") if isinstance(error, OSError) else "it is not UTF-8 text"
