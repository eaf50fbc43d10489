"""The books: double entry, one set for each tenant; the only writer of LedgerEntry, Posting and Grant.

A charge burns grants and leaves the rest as overage. Nothing is changed afterwards: a mistake is reversed, what a
grant no longer buys expires by an entry of its own. Whoever uses the product charges through `billing.ledger`, which
opens the month first.
"""
