"""A Stripe to talk to: the double, held to Stripe's own document at the end of each test."""

from dataclasses import replace

import pytest

from miosa.testing.stripe_double import StripeDouble

SECRET = "whsec_first"


@pytest.fixture
def there(settings):
    """The product's own settings, pointed at a double of its own."""
    with StripeDouble() as double:
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT,
            stripe_secret_key=double.key,
            stripe_api_base=double.url,
            stripe_webhook_secret=SECRET,
        )
        yield double
    assert double.violations == []
