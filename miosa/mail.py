"""Mail that no server was named for: kept in files of the state folder, which only this account can read."""

from pathlib import Path
from typing import Any

from django.core.mail.backends.filebased import EmailBackend

PRIVATE = 0o700


class KeptMail(EmailBackend):
    """Django's file backend in a folder of our own: letters hold links that let people in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        Path(str(self.file_path)).chmod(PRIVATE)
