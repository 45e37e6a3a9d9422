from django.http import HttpRequest, HttpResponse


def candidate_list(request: HttpRequest) -> HttpResponse:
    return HttpResponse("soon")


def profile(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse("soon")
