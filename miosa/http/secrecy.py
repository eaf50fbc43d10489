"""What looks like a secret, by the name of a field and by the form of a text; pure, so that anything may ask."""

import re

HIDDEN = "[hidden]"

# Words that make a field secret wherever they stand in its name: `groq_api_key`, `newPassword`, `X-Webhook-Secret`.
SECRET_NAME = re.compile(
    r"(?:^|_)(?:password\d?|passwd|pwd|passphrase|secrets?|tokens?|credentials?|authorization|cookies?|sealed|digest"
    r"|private|signature|pepper|salt|otp|totp|seed|plain|api_?keys?|(?:access|private|secret|signing|master)_keys?)(?:_|$)"
    r"|^key$"
)
WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")

# The whole of a match is hidden, except for what stands in the group `kept`.
CREDENTIALS = re.compile(
    r"(?P<kept>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|\bmiosa_(?:[a-z]_)?[A-Za-z0-9_-]{16,}"
    r"|\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"  # a JWT
    r"|\b(?:sk|pk|rk)[_-](?:(?:live|test|proj|ant)[_-])?[A-Za-z0-9_-]{16,}"
    r"|\b(?:gsk|whsec|e2b|rnd|xox[abp])[_-][A-Za-z0-9_-]{12,}"
    r"|(?P<kept_too>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)",  # the password of a URL
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Tell whether the value under this name has to be hidden."""
    return SECRET_NAME.search(WORD_BOUNDARY.sub("_", name).lower()) is not None


def without_credentials(text: str) -> str:
    """Return the text with everything that has the form of a credential hidden."""
    return CREDENTIALS.sub(lambda found: (found["kept"] or found["kept_too"] or "") + HIDDEN, text)
