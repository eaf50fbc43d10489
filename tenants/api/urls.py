"""Routes of the tenants app."""

from django.urls import path

from tenants.api import (
    audit_views,
    invitations,
    members,
    openid,
    secret_views,
    session_views,
    views,
)

urlpatterns = [
    path("openid/login", openid.OpenIDLogin.as_view(), name="openid-login"),
    path("openid/callback", openid.OpenIDCallback.as_view(), name="openid-callback"),
    path("me", members.Me.as_view(), name="me"),
    path("members", members.Members.as_view(), name="members"),
    path("members/<uuid:member_id>", members.MemberDetail.as_view(), name="member"),
    path("invitations", invitations.Invitations.as_view(), name="invitations"),
    path("invitations/acceptances", invitations.Acceptances.as_view(), name="acceptances"),
    path("invitations/<uuid:invitation_id>", invitations.InvitationDetail.as_view(), name="invitation"),
    path("tokens", session_views.Tokens.as_view(), name="tokens"),
    path("tokens/refresh", session_views.TokenRefresh.as_view(), name="token-refresh"),
    path("sessions", session_views.Sessions.as_view(), name="sessions"),
    path("sessions/<uuid:session_id>", session_views.SessionDetail.as_view(), name="session"),
    path("api-keys", views.ApiKeys.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>", views.ApiKeyDetail.as_view(), name="api-key"),
    path("api-keys/<uuid:key_id>/rotations", views.ApiKeyRotations.as_view(), name="api-key-rotations"),
    path("audit-entries", audit_views.AuditEntries.as_view(), name="audit-entries"),
    path("audit-entries/export", audit_views.AuditExport.as_view(), name="audit-export"),
    path("secrets", secret_views.Secrets.as_view(), name="secrets"),
    path("secrets/<path:name>", secret_views.SecretDetail.as_view(), name="secret"),
]
