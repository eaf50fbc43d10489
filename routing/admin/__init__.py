"""The admin's pages of routing: why a model was chosen, what it took, how it turned out, and what follows from that."""

from routing.admin.calls import ModelCallAdmin, OutcomeAdmin
from routing.admin.decisions import DecisionAdmin
from routing.admin.gateway import CachedAnswerAdmin, ExchangeAdmin, KeyPolicyAdmin
from routing.admin.learned import (
    CalibrationAdmin,
    FeedbackAdmin,
    JudgementAdmin,
    KnowledgeAdmin,
    PoolShareAdmin,
    PromptFitAdmin,
)
from routing.admin.policies import PolicyAdmin
from routing.admin.promotions import PromotionAdmin

__all__ = [
    "CachedAnswerAdmin",
    "CalibrationAdmin",
    "DecisionAdmin",
    "ExchangeAdmin",
    "FeedbackAdmin",
    "JudgementAdmin",
    "KeyPolicyAdmin",
    "KnowledgeAdmin",
    "ModelCallAdmin",
    "OutcomeAdmin",
    "PolicyAdmin",
    "PoolShareAdmin",
    "PromotionAdmin",
    "PromptFitAdmin",
]
