from django.http import HttpRequest, HttpResponse


def panel(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")


def bell(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")
