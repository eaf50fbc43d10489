"""Sandboxes: a server that speaks E2B's wire over boxes, and the one door to it or to E2B's cloud."""
