"""Floor 1: what was used, what is left, what is owed."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        """The plan says how many seats a tenant has; the books are compared with Stripe's."""
        from billing.payments import summaries
        from billing.subscriptions import current_plan
        from tenants import seats

        seats.limited_by(lambda: current_plan().seats)
        summaries.compare()
