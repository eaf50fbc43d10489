"""What a list shows beside its rows, fetched for all of them at once when the rows of the page are known."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest


class Beside:
    """Mixed into a ModelAdmin before its base: `fetch_beside` sets attributes that columns read."""

    def fetch_beside(self, rows: Sequence[Any]) -> None:
        """Fetch what belongs to these rows, in as many queries for many as for one."""
        raise NotImplementedError

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list."""
        answer = super().changelist_view(request, extra_context)  # type: ignore[misc]
        found = getattr(answer, "context_data", None) or {}
        if "cl" in found:
            rows = list(found["cl"].result_list)
            self.fetch_beside(rows)
            found["cl"].result_list = rows
        return answer
