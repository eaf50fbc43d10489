"""Money: whole micro-dollars, with one rounding."""

from decimal import ROUND_HALF_UP, Decimal

MICROS_PER_DOLLAR = 1_000_000
TOKENS_PER_PRICE = 1_000_000


def micros(dollars: float | str | Decimal) -> int:
    """Return a dollar amount in micro-dollars; floats are read by their shortest decimal form."""
    return int((Decimal(str(dollars)) * MICROS_PER_DOLLAR).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def token_cost_micros(*parts: tuple[int, int]) -> int:
    """Return what (tokens, micro-dollars per million tokens) pairs cost together.

    The one rounding of the product: the exact sum of the parts, half up, to a whole micro-dollar.
    """
    exact = sum(tokens * price for tokens, price in parts)
    return (2 * exact + TOKENS_PER_PRICE) // (2 * TOKENS_PER_PRICE)


def format_usd(amount_micros: int) -> str:
    """Return `$1.25`, with as many further places as a fraction of a cent needs."""
    sign = "-" if amount_micros < 0 else ""
    dollars, rest = divmod(abs(amount_micros), MICROS_PER_DOLLAR)
    places = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${dollars:,}.{places}"
