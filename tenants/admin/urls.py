"""Doors of the admin beside Django's own."""

from django.urls import path

from tenants.admin import openid, second_factor

urlpatterns = [
    path("openid/login", openid.login, name="staff-openid-login"),
    path("openid/callback", openid.callback, name="staff-openid-callback"),
    path("second-factor/", second_factor.code, name="staff-second-factor"),
    path("second-factor/enrolment", second_factor.enrolment, name="staff-second-factor-enrolment"),
    path("second-factor/disabling", second_factor.disabling, name="staff-second-factor-disabling"),
]
