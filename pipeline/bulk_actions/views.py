from django.http import HttpRequest, HttpResponse


def history(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")


def new(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")


def review(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse("soon")


def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse("soon")


def outcomes_csv(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse("soon")
