"""What billing refuses.

Problem
└── PaymentRequired 402
    ├── QuotaExceeded
    ├── KeyBudgetExceeded
    ├── DayBudgetExceeded
    └── SubscriptionRestricted
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


class KeyBudgetExceeded(PaymentRequired):
    """What is left of the monthly budget of an API key does not cover the reservation."""

    title = "Budget of the key exceeded"

    def __init__(self, *, cap_micros: int, left_micros: int, wanted_micros: int, inherited: bool) -> None:
        whose = "a key that this one descends from" if inherited else "this API key"
        left = max(left_micros, 0)
        super().__init__(
            f"This needs {format_usd(wanted_micros)} set aside, and {format_usd(left)} of the monthly budget of"
            f" {whose} ({format_usd(cap_micros)}) is left. Use a key with a larger budget, wait for running work to"
            " end, or for the next month.",
            extensions={"left_micros": left, "wanted_micros": wanted_micros},
        )


class DayBudgetExceeded(PaymentRequired):
    """What is left of a day's budget does not cover the reservation."""

    title = "Budget of the day exceeded"

    def __init__(self, *, cap_micros: int, left_micros: int, wanted_micros: int, whose: str) -> None:
        left = max(left_micros, 0)
        super().__init__(
            f"This needs {format_usd(wanted_micros)} set aside, and {format_usd(left)} of what {whose} may spend on a day"
            f" ({format_usd(cap_micros)}) is left. Wait for running work to end, or for tomorrow (UTC).",
            extensions={"left_micros": left, "wanted_micros": wanted_micros},
        )


class SubscriptionRestricted(PaymentRequired):
    """Nothing new is begun until the subscription is paid or has a way to pay."""

    title = "Subscription restricted"

    def __init__(self, standing: str) -> None:
        why = (
            "an invoice is not paid"
            if standing == "restricted"
            else "the trial has ended without a way to pay"
        )
        super().__init__(
            f"No new work is begun, because {why}. What is there can be read and exported; POST /api/v1/billing/portal"
            " gives a link to pay, and work goes on as soon as that is done.",
            extensions={"standing": standing},
        )
