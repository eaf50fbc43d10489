"""Money of one test: what it may cost, and what its calls have cost so far, in micro-dollars."""

from dataclasses import dataclass

from miosa.http.problem import PaymentRequired


@dataclass
class Purse:
    """Shared by everything one test asks."""

    ceiling_micros: int
    spent_micros: int = 0

    def left(self) -> int:
        """Return what the next call may cost; raises PaymentRequired where nothing is left of a purse that held money."""
        left = self.ceiling_micros - self.spent_micros
        if left < 0 or (self.ceiling_micros and not left):
            raise PaymentRequired("What this test may cost is used up.")
        return left

    def pay(self, cost_micros: int) -> None:
        """Write down what a call cost."""
        self.spent_micros += cost_micros
