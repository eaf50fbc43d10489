"""Amounts of foreign money: whole minor units, as payment services count them."""

import re
from decimal import Decimal, InvalidOperation

# ISO 4217's exponents where they are not 2, as Stripe charges them (docs.stripe.com/currencies, 2026): what ISO counts
# in hundredths that are never paid (ISK, HUF, TWD, UGX) has two decimals there too.
EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "JPY",
            "KMF",
            "KRW",
            "MGA",
            "PYG",
            "RWF",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
DEFAULT_EXPONENT = 2
CODE = re.compile(r"[A-Z]{3}")


def exponent(currency: str) -> int:
    """Return how many decimals a currency has; raises ValueError for what is no code of three letters."""
    if not CODE.fullmatch(currency):
        raise ValueError(f"{currency!r} is no currency: write a code of three capital letters, as in USD.")
    return EXPONENTS.get(currency, DEFAULT_EXPONENT)


def to_minor(amount: str | Decimal, currency: str) -> int:
    """Return an amount in minor units, exactly.

    Raises:
        ValueError: it is no number, or has more decimals than the currency.
    """
    places = exponent(currency)
    try:
        minor = Decimal(amount).scaleb(places)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no amount.") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise ValueError(f"{amount} {currency} has more than {places} decimals.")
    return int(minor)


def format_minor(minor: int, currency: str) -> str:
    """Return `19.00 USD`, `1,900 JPY`, `-1.234 KWD`."""
    places = exponent(currency)
    return f"{Decimal(minor).scaleb(-places):,.{places}f} {currency}"
