"""Routes of the routing app."""

from django.urls import path

from routing.api import feedback, gateway, policy, promotions, views

urlpatterns = [
    path("models", views.Models.as_view(), name="models"),
    path("models/<path:model_id>", views.ModelDetail.as_view(), name="model"),  # ids contain slashes
    path("routing-decisions", views.Decisions.as_view(), name="decisions"),
    path("routing-decisions/preview", views.Preview.as_view(), name="preview"),
    path("routing-decisions/<uuid:decision_id>", views.DecisionDetail.as_view(), name="decision"),
    path("feedback", feedback.FeedbackList.as_view(), name="feedback-list"),
    path("feedback/agreement", feedback.JudgeAgreement.as_view(), name="judge-agreement"),
    path("feedback/<uuid:feedback_id>", feedback.FeedbackDetail.as_view(), name="feedback"),
    path("promotions", promotions.Promotions.as_view(), name="promotions"),
    path("promotions/<uuid:promotion_id>/reversal", promotions.Reversal.as_view(), name="promotion-reversal"),
    path("gateway/policies", gateway.KeyPolicies.as_view(), name="key-policies"),
    path("gateway/policies/default", gateway.DefaultKeyPolicy.as_view(), name="default-key-policy"),
    path("gateway/policies/<uuid:key_id>", gateway.KeyPolicyDetail.as_view(), name="key-policy"),
    path("gateway/cache", gateway.AnswerCache.as_view(), name="answer-cache"),
    path("gateway/cache/purges", gateway.CachePurges.as_view(), name="cache-purges"),
    path("gateway/exchanges/<uuid:exchange_id>", gateway.ExchangeDetail.as_view(), name="exchange"),
    path("routing-policy", policy.RoutingPolicy.as_view(), name="routing-policy"),
]
