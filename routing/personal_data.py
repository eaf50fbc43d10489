"""Takes secrets and personal data out of what is stored: by their form, so some will be missed and some innocent word hit."""

import re
from typing import Any

from routing.providers.redaction import redact

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
CARD = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")
PHONE = re.compile(r"(?<![\w.])(?:\+|00)\d{1,3}[ ()/.-]{0,2}(?:\d[ ()/.-]{0,2}){6,12}\d\b")
ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
SECRETS = re.compile(r"(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abpr]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
                     r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----)")  # fmt: skip
LUHN = 10


def without(text: str) -> str:
    """Return a text with what looks like a secret or like personal data replaced by the name of its kind."""
    text = SECRETS.sub("[secret]", redact(text))
    text = EMAIL.sub("[e-mail]", text)
    text = IBAN.sub("[account]", text)
    text = PHONE.sub("[phone]", text)
    text = CARD.sub(lambda found: "[card]" if _is_card(found.group()) else found.group(), text)
    return ADDRESS.sub("[address]", text)


def without_any(value: Any) -> Any:
    """The same for every text inside a JSON value."""
    if isinstance(value, str):
        return without(value)
    if isinstance(value, list):
        return [without_any(one) for one in value]
    if isinstance(value, dict):
        return {name: without_any(one) for name, one in value.items()}
    return value


def _is_card(number: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812): other long numbers are left alone."""
    digits = [int(one) for one in number if one.isdigit()]
    doubled = [sum(divmod(2 * one, LUHN)) if place % 2 else one for place, one in enumerate(reversed(digits))]
    return sum(doubled) % LUHN == 0
