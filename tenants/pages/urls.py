"""Pages for people who are nobody here yet."""

from django.urls import path

from tenants.pages import invitation

urlpatterns = [
    path("openid/callback", invitation.callback, name="invitation-callback"),
    path("<str:token>", invitation.invitation, name="invitation-page"),
]
