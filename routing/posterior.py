"""A record of successes and the belief about the rate behind it, as the parts of the deciding core pass them on."""

from typing import NamedTuple

LEAST_SHAPE = 1e-3  # a Beta posterior with a smaller parameter is no posterior


class Counts(NamedTuple):
    """`successes` of `requests`; both may be fractions, and old evidence may count in part."""

    requests: float
    successes: float

    @property
    def rate(self) -> float:
        """Successes per request, 0 before the first."""
        return self.successes / self.requests if self.requests > 0 else 0.0


class Posterior(NamedTuple):
    """Beta(a, b): the belief about a success rate. Both are finite and at least LEAST_SHAPE."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)
