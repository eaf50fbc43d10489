"""Addresses that take larger bodies than the rest: few at once, since each lies in memory until it is answered."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from miosa.http.problem import Unavailable

AT_ONCE = 4
RETRY_AFTER_S = 2


@dataclass(slots=True)
class Uploads:
    """The PUT requests of some paths. Who brings no credential is a request like any other, and soon refused."""

    path: re.Pattern[str]
    body_bytes: int
    timeout_s: float = 120.0
    at_once: int = AT_ONCE
    busy: int = field(default=0, init=False)

    def takes(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request is such an upload."""
        if scope["method"] != "PUT" or not self.path.fullmatch(scope["path"]):
            return False
        return any(name == b"authorization" for name, _ in scope["headers"])

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places until the request is answered.

        Raises:
            Unavailable: all are taken.
        """
        if self.busy >= self.at_once:
            raise Unavailable("Too many uploads are arriving at once.", retry_after_s=RETRY_AFTER_S)
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1
