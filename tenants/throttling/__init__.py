"""How often anybody may ask, and what they are told of it."""

from tenants.throttling.admission import Caller, admitted
from tenants.throttling.guessing import refuse_guessing
from tenants.throttling.refusal import RateLimited

__all__ = ["Caller", "RateLimited", "admitted", "refuse_guessing"]
