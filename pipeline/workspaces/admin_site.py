"""Belay's admin site: what does not follow the rule of admin_access is for superusers only."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from .admin_access import SuperusersOnly, WorkspaceModelAdmin, leads_to_workspace
from .login_forms import StaffLoginForm


class Site(admin.AdminSite):
    login_form = StaffLoginForm

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """As Django's. Raises ImproperlyConfigured for rows that lead to no workspace."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        kind: type[ModelAdmin[Any]] = admin_class or ModelAdmin
        if not issubclass(kind, (WorkspaceModelAdmin, SuperusersOnly)):
            kind = type(kind.__name__, (SuperusersOnly, kind), {})
        for model in models:
            if issubclass(kind, WorkspaceModelAdmin) and not leads_to_workspace(
                model, kind.workspace_path
            ):
                raise ImproperlyConfigured(f"{kind.__name__}.workspace_path is no workspace.")
            super().register(model, kind, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        view = self.admin_view(self.on_site)
        to_page = path("r/<path:content_type_id>/<path:object_id>/", view, name="view_on_site")
        return [to_page, *super().get_urls()]

    def on_site(
        self, request: HttpRequest, content_type_id: str, object_id: str
    ) -> HttpResponseBase:
        """To the row's own page, for who may see the row here."""
        try:
            model = ContentType.objects.get_for_id(int(content_type_id)).model_class()
            page = self.get_model_admin(model)  # type: ignore[arg-type]
        except (
            ValueError,
            OverflowError,
            ContentType.DoesNotExist,
            admin.exceptions.NotRegistered,
        ):
            raise Http404
        row = page.get_object(request, object_id)
        if row is None or not page.has_view_permission(request, row):
            raise Http404
        return shortcut(request, content_type_id, object_id)
