"""The front door: `/v1/*` as a raw ASGI application, for any client that speaks the OpenAI wire.

A request's way: application -> callers (who asks, from memory) -> asked (what is asked) -> admission (rates and money,
from memory) -> walk (which model, and the next one where it fails) -> upstream (one try) -> journal (what was used).
PostgreSQL and Valkey are asked beside this way and never on it: who asks is read again once a second, money and rates
are taken in blocks, and what was used is written to a file that the clerk reads.
"""
