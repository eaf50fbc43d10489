"""Tables of what was chosen, what it cost, how it went, and what was learned from it."""

from routing.models.decision import Decision
from routing.models.feedback import Feedback
from routing.models.fits import Calibration, PromptFit
from routing.models.gateway import CachedAnswer, Exchange, KeyPolicy
from routing.models.judgement import Judgement
from routing.models.knowledge import Knowledge, KnownCatalog
from routing.models.model_call import ModelCall
from routing.models.outcome import Outcome
from routing.models.policy import Policy
from routing.models.pool import PooledCell, PoolShare
from routing.models.promotion import Promotion

__all__ = [
    "CachedAnswer",
    "Calibration",
    "Decision",
    "Exchange",
    "Feedback",
    "Judgement",
    "KeyPolicy",
    "Knowledge",
    "KnownCatalog",
    "ModelCall",
    "Outcome",
    "Policy",
    "PoolShare",
    "PooledCell",
    "Promotion",
    "PromptFit",
]
