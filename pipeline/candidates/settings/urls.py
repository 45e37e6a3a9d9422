from django.urls import URLPattern, path

from . import folders, names, openings

app_name = "candidate_settings"


def names_urls(kind: names.Kind) -> list[URLPattern]:
    """A list of names, one of them to be renamed, and the question before it is deleted."""
    key = kind.key
    return [
        path(f"{kind.slug}/", names.index, {"kind": kind}, name=key),
        path(f"{kind.slug}/<int:pk>/", names.rename, {"kind": kind}, name=f"{key}_rename"),
        path(f"{kind.slug}/<int:pk>/delete/", names.delete, {"kind": kind}, name=f"{key}_delete"),
    ]


urlpatterns = [
    *names_urls(names.LABELS),
    *names_urls(names.REJECT_REASONS),
    path("openings/", openings.index, name="openings"),
    path("openings/<int:pk>/", openings.opening, name="opening"),
    path("openings/<int:pk>/folders/", folders.add, name="folder_add"),
    path("openings/<int:pk>/order/", folders.order, name="folder_order"),
    path("folders/<int:pk>/", folders.rename, name="folder_rename"),
    path("folders/<int:pk>/delete/", folders.delete, name="folder_delete"),
]
