"""Form fields in which people write dollars and rows keep whole micro-dollars, or a currency's minor units."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from billing.money import MICROS_PER_DOLLAR, micros

MOST = Decimal(1_000_000)


class DollarsField(forms.DecimalField):
    """US dollars with at most six decimals; `clean` returns micro-dollars."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        values = {"min_value": Decimal(0), "max_value": MOST, "decimal_places": 6}
        super().__init__(**{**values, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Micro-dollars of a row are shown as dollars; what was typed stays as it is."""
        if not isinstance(value, int):
            return value
        return (Decimal(value) / MICROS_PER_DOLLAR).quantize(
            Decimal("0.01") if value % 10_000 == 0 else Decimal("0.000001")
        )

    def clean(self, value: Any) -> Any:
        dollars = super().clean(value)
        return None if dollars is None else micros(dollars)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True
