"""Pages of the second factor: the code after the password, enrolling an app, and giving it up."""

from typing import Any

import segno
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as let_in

from tenants.admin.openid import within
from tenants.admin.staff_entry import record_entry
from tenants.models import User
from tenants.second_factor import authenticator
from tenants.second_factor.authenticator import Try
from tenants.second_factor.gate import is_required

MOST_CODE = 40


def staff_page(view: Any) -> Any:
    """For staff who are signed in, whether they have given their second factor yet or not; kept by no cache."""

    def page(request: HttpRequest) -> HttpResponse:
        if not admin.site.has_permission(request):
            return HttpResponseRedirect(reverse("admin:login"))
        answer: HttpResponse = view(request)
        return answer

    wrapped = login_required(require_http_methods(["GET", "POST"])(page))
    return transaction.non_atomic_requests(never_cache(wrapped))


@staff_page
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the app, or a recovery code, and go on."""
    user: Any = request.user
    onward = within(request, request.POST.get("next") or request.GET.get("next", ""))
    if user.is_verified() or authenticator.of(user) is None:
        return HttpResponseRedirect(onward)
    wrong = ""
    if request.method == "POST":
        tried = authenticator.check(user, _code(request))
        if tried.device is not None:
            _verified(request, tried)
            record_entry(request, user, second_factor=True)
            return HttpResponseRedirect(onward)
        wrong = _told(tried)
    return _page(request, "code", "Second factor", wrong=wrong, next=onward)


@staff_page
def enrolment(request: HttpRequest) -> HttpResponse:
    """Enrol an app; who has one sees that it counts, and may give it up."""
    user: Any = request.user
    if authenticator.of(user) is not None:
        return _standing(request)
    if request.method == "POST":
        tried, codes = authenticator.confirm(user, _code(request))
        if tried.device is not None:
            _verified(request, tried)
            return _page(request, "codes", "Your recovery codes", codes=codes)
        return _enrolling(request, wrong=_told(tried))
    return _enrolling(request)


@staff_page
def disabling(request: HttpRequest) -> HttpResponse:
    """Give the second factor up: takes password and code."""
    user: Any = request.user
    if request.method != "POST" or not user.is_verified():
        return HttpResponseRedirect(reverse("staff-second-factor-enrolment"))
    # The code is judged first: its throttling also bounds guesses of the password.
    tried = authenticator.check(user, _code(request))
    if tried.device is None or not _is_password(user, request.POST.get("password", "")):
        wait = f" Wait {tried.wait_s} s." if tried.wait_s else ""
        return _standing(request, wrong=f"Password or code is wrong.{wait}")
    authenticator.disable(user)
    messages.success(request, "Your second factor is off.")
    return HttpResponseRedirect(reverse("staff-second-factor-enrolment" if is_required() else "admin:index"))


def _enrolling(request: HttpRequest, *, wrong: str = "") -> HttpResponse:
    user: Any = request.user
    fresh = authenticator.enrol(user)
    picture = segno.make(fresh.uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    groups = " ".join(fresh.secret[start : start + 4] for start in range(0, len(fresh.secret), 4))
    return _page(
        request,
        "enrolment",
        "Set up a second factor",
        picture=SafeString(picture),
        secret=groups,
        wrong=wrong,
        required=is_required(),
    )


def _standing(request: HttpRequest, *, wrong: str = "") -> HttpResponse:
    user: Any = request.user
    device = authenticator.of(user)
    if device is None or not user.is_verified():
        return HttpResponseRedirect(reverse("staff-second-factor"))
    facts = {"device": device, "left": authenticator.codes_left(device), "wrong": wrong}
    return _page(request, "standing", "Your second factor", has_password=user.has_usable_password(), **facts)


def _verified(request: HttpRequest, tried: Try) -> None:
    request.session.cycle_key()  # an identifier known before is worth nothing now
    let_in(request, tried.device)


def _is_password(user: User, given: str) -> bool:
    return user.has_usable_password() and check_password(given, user.password)


def _told(tried: Try) -> str:
    wait = f" Wait {tried.wait_s} s before the next try." if tried.wait_s else ""
    return f"This code is not right, or was used already.{wait}"


def _code(request: HttpRequest) -> str:
    return request.POST.get("code", "")[:MOST_CODE]


def _page(request: HttpRequest, name: str, title: str, **facts: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, **facts}
    answer = TemplateResponse(request, f"admin/second_factor/{name}.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
