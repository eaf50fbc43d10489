"""What a policy may say: the API takes it as JSON, the admin as a form, and both with these errors."""

from typing import Any

from rest_framework import serializers

from deployments import approval_policies
from deployments.approval_rules import DEPLOY, ENVIRONMENTS, MESSAGE, SPEND, TOOL, TOOL_KINDS
from deployments.models import ApprovalPolicy
from deployments.strict import StrictRequest

MOST_MICROS, SHORTEST_S, LONGEST_S = 10**15, 60, 30 * 86_400
MEMBERS_OF = {
    SPEND: {"above_micros"},
    TOOL: {"above_micros", "tool_kinds"},
    DEPLOY: {"environments"},
    MESSAGE: set[str](),
}


class ApprovalPolicyRequest(StrictRequest):
    kind = serializers.ChoiceField(choices=ApprovalPolicy.Kind.choices)
    asks = serializers.BooleanField(default=True, help_text="off: nobody is asked about effects of this kind")
    above_micros = serializers.IntegerField(
        min_value=0,
        max_value=MOST_MICROS,
        default=None,
        allow_null=True,
        help_text="of spend, and of a tool's cost",
    )
    tool_kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=TOOL_KINDS), default=list, help_text="what a tool does, of tool"
    )
    environments = serializers.ListField(
        child=serializers.ChoiceField(choices=ENVIRONMENTS), default=list, help_text="of deploy"
    )
    waits_s = serializers.IntegerField(
        min_value=SHORTEST_S,
        max_value=LONGEST_S,
        default=approval_policies.WAITS_S,
        help_text="for an answer",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        members = MEMBERS_OF[attrs["kind"]]
        given = {
            name for name in ("above_micros", "tool_kinds", "environments") if attrs[name] not in (None, [])
        }
        if foreign := given - members:
            raise serializers.ValidationError(
                dict.fromkeys(sorted(foreign), f"says nothing about {attrs['kind']}")
            )
        if attrs["asks"] and members and not given:
            raise serializers.ValidationError({min(members): "say what is asked about, or set asks to false"})
        for name in ("tool_kinds", "environments"):
            attrs[name] = sorted(set(attrs[name]))
        return attrs
