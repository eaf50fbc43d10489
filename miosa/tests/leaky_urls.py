"""Routes with the mistakes that the doctor has to find; no test but the doctor's uses them."""

from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.models import Execution
from miosa.http.problem import NotFound
from miosa.pg.platform import platform


class ByIdAlone(APIView):
    """Looks the row up by its id, with the login that sees every tenant."""

    required_scopes = {"GET": "executions:read"}

    def get(self, _request, execution_id):
        with platform():
            row = Execution.objects.filter(pk=execution_id).first()
        if row is None:
            raise NotFound("There is no such execution.")
        return Response({"output": row.output})


class TellsWhatExists(APIView):
    """Tells nothing of the row, and yet that it is there."""

    required_scopes = {"GET": "executions:read"}

    def get(self, _request, execution_id):
        with platform():
            there = Execution.objects.filter(pk=execution_id).exists()
        return Response({}, status=403 if there else 404)


class Everybodys(APIView):
    """A list that forgets who asks."""

    required_scopes = {"GET": "executions:read"}

    def get(self, _request):
        with platform():
            return Response({"items": list(Execution.objects.values_list("request", flat=True))})


class Overwrites(APIView):
    """Writes across the wall, and is silent about it."""

    required_scopes = {"POST": "executions:write"}

    def post(self, _request, execution_id):
        with platform():
            Execution.objects.filter(pk=execution_id).update(output="mine")
        raise NotFound("There is no such execution.")


class WithoutScope(APIView):
    """Nobody may call it, and nobody said who should."""

    def get(self, _request):
        return Response({})


class Nameless(APIView):
    """Has a parameter that nobody knows how to fill."""

    required_scopes = {"GET": "executions:read"}

    def get(self, _request, colour):
        return Response({"colour": colour})


MISTAKES = {
    "by-id": path("api/v1/by-id/<uuid:execution_id>", ByIdAlone.as_view(), name="by-id"),
    "exists": path("api/v1/exists/<uuid:execution_id>", TellsWhatExists.as_view(), name="exists"),
    "everybodys": path("api/v1/everybodys", Everybodys.as_view(), name="everybodys"),
    "overwrites": path("api/v1/overwrites/<uuid:execution_id>", Overwrites.as_view(), name="overwrites"),
    "without-scope": path("api/v1/without-scope", WithoutScope.as_view(), name="without-scope"),
    "nameless": path("api/v1/nameless/<str:colour>", Nameless.as_view(), name="nameless"),
}
urlpatterns = [*MISTAKES.values(), path("healthz", lambda _request: HttpResponse("alive"))]
