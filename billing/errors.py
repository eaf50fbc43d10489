"""What billing refuses.

Problem
└── PaymentRequired 402
    └── QuotaExceeded
"""

from billing.money import format_usd
from miosa.http.problem import PaymentRequired


class QuotaExceeded(PaymentRequired):
    """The month's allowance does not cover the reservation."""

    title = "Quota exceeded"

    def __init__(self, *, left_micros: int, wanted_micros: int, executions_left: int | None) -> None:
        if executions_left is not None and executions_left <= 0:
            reason = "The executions of this month's plan are used up."
        else:
            reason = (
                f"This needs {format_usd(wanted_micros)} set aside, and {format_usd(max(left_micros, 0))}"
                " of this month's allowance is left."
            )
        super().__init__(
            f"{reason} Choose a larger plan, wait for running work to end, or for the next month.",
            extensions={"left_micros": left_micros, "wanted_micros": wanted_micros},
        )
