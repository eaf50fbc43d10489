"""Stripe as a projection of the books: they stand without it, and what it knows of usage is what they told it.

`door` alone knows the SDK. What must not happen twice is asked through `calls`. What Stripe says is a hint (`inbox`); what
is true there is read again (`standing`).
"""
