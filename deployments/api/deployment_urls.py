"""Routes of deployments, services, approvals and targets."""

from django.urls import path

from deployments.api import approval_policies, approvals, deployments, services, targets, webhooks
from deployments.api.events import FEED, DeploymentEvents

DEPLOYMENT = "deployments/<uuid:deployment_id>"
SERVICE = "services/<uuid:service_id>"
APPROVAL = "approvals/<uuid:approval_id>"

urlpatterns = [
    path("targets", targets.Targets.as_view(), name="targets"),
    path("deployments", deployments.Deployments.as_view(), name="deployments"),
    path("deployment-plans", deployments.DeploymentPlans.as_view(), name="deployment-plans"),
    path(DEPLOYMENT, deployments.DeploymentDetail.as_view(), name="deployment"),
    path(f"{DEPLOYMENT}/logs", deployments.DeploymentLogs.as_view(), name="deployment-logs"),
    path(f"{DEPLOYMENT}/events", DeploymentEvents.as_view(), name=FEED.route),
    path(f"{DEPLOYMENT}/bundle", deployments.DeploymentBundle.as_view(), name="deployment-bundle"),
    path(
        f"{DEPLOYMENT}/cancellation",
        deployments.DeploymentCancellation.as_view(),
        name="deployment-cancellation",
    ),
    path("services", services.Services.as_view(), name="services"),
    path(SERVICE, services.ServiceDetail.as_view(), name="service"),
    path(f"{SERVICE}/health", services.ServiceHealth.as_view(), name="service-health"),
    path(f"{SERVICE}/rollback", services.ServiceRollback.as_view(), name="service-rollback"),
    path(f"{SERVICE}/suspension", services.ServiceSuspension.as_view(), name="service-suspension"),
    path(f"{SERVICE}/resumption", services.ServiceResumption.as_view(), name="service-resumption"),
    path(f"{SERVICE}/domains", services.ServiceDomains.as_view(), name="service-domains"),
    path("webhooks/render", webhooks.RenderWebhook.as_view(), name="render-webhook"),
    path("approval-policies", approval_policies.ApprovalPolicies.as_view(), name="approval-policies"),
    path(
        "approval-policies/<uuid:approval_policy_id>",
        approval_policies.ApprovalPolicyDetail.as_view(),
        name="approval-policy",
    ),
    path("approvals", approvals.Approvals.as_view(), name="approvals"),
    path(APPROVAL, approvals.ApprovalDetail.as_view(), name="approval"),
    path(f"{APPROVAL}/decision", approvals.ApprovalDecision.as_view(), name="approval-decision"),
]
