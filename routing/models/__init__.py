"""Tables of what was chosen, what it cost and how it went."""

from routing.models.decision import Decision
from routing.models.model_call import ModelCall
from routing.models.outcome import Outcome
from routing.models.promotion import Promotion

__all__ = ["Decision", "ModelCall", "Outcome", "Promotion"]
