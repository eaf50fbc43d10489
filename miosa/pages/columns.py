"""Columns that many tables have, drawn alike everywhere."""

from typing import Any

from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages import cells


class Columns:
    """Mixed into a ModelAdmin; a column works where the row has the field of its name."""

    @display(description="State", ordering="state")
    def state_(self, row: Any) -> SafeString:
        return cells.badge(row.state, text=row.state.replace("_", " "), hint=row.get_state_display())

    @display(description="Confidence", ordering="confidence")
    def confidence_(self, row: Any) -> SafeString:
        return cells.confidence(row.confidence)

    @display(description="Created", ordering="created")
    def created_(self, row: Any) -> SafeString:
        return cells.moment(row.created)
