"""What Django admin takes from addresses and forms: what its pages offer. The rest is no 500."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import BaseModelAdmin, IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import BadRequest, FieldError, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from pipeline.foundation.first_come import is_taken

M = TypeVar("M", bound=Model)
ENDS = ("exact", "isnull", "gte", "lt")  # of the lookups that Django's filters put in a link
PARTS_OF_DATE = ("year", "month", "day")
UNREADABLE_FILTERS = (ValueError, OverflowError, ValidationError, FieldError, DataError)


class FirstCome(admin.ModelAdmin[M]):
    """Of two who save the same name at the same moment, the second one reads that it is taken."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError as error:
            if not is_taken(error):
                raise
        return super().changeform_view(request, *args, **kwargs)  # the form sees it now


class CheckedLists(FirstCome[M]):
    """A list is filtered by what it offers, and its actions take ids only. The rest is a 400."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Django allows every lookup of an own field, with regular expressions and all."""
        return lookup in self.offered_lookups(request)

    def offered_lookups(self, request: HttpRequest | None) -> Iterator[str]:
        # Django's own lookup_allowed takes no request for the list's fixed filters, either.
        offered: Any = self.get_list_filter(request) if request else self.list_filter
        for entry in offered:
            if isinstance(entry, type) and issubclass(entry, admin.SimpleListFilter):
                assert entry.parameter_name
                yield entry.parameter_name
            else:
                yield from lookups_of_field(
                    self.model, entry if isinstance(entry, str) else entry[0]
                )
        if self.date_hierarchy:
            yield from (f"{self.date_hierarchy}__{part}" for part in PARTS_OF_DATE)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises IncorrectLookupParameters, which becomes `?e=1`, for values that fit no filter."""
        try:
            with transaction.atomic():  # what the database refuses ends no more than this
                return super().get_changelist_instance(request)
        except UNREADABLE_FILTERS as why:
            if not request.GET:
                raise  # the mistake is ours
            raise IncorrectLookupParameters(why) from why

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[M], *args: Any
    ) -> HttpResponse | None:
        """Raises BadRequest for a selected id that can't be one."""
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(can_be(self.opts.pk, pk) for pk in selected):
            raise BadRequest(
                _("One of the selected rows has an invalid id. Reload the page and select again.")
            )
        return super().response_action(request, queryset, *args)


def lookups_of_field(model: type[Model], path: str) -> Iterator[str]:
    """What a list's filter by that field may add to the address."""
    yield path
    yield from (f"{path}__{end}" for end in ENDS)
    field: Any = get_fields_from_path(model, path)[-1]
    if field.is_relation:
        yield f"{path}__{field.target_field.name}__exact"


def can_be(field: Any, value: str) -> bool:
    """Whether the text can be a value of the field, stored or not."""
    try:
        field.to_python(value)
    except ValidationError:
        return False
    return True


class Autocomplete(AutocompleteSelect):
    """Django's would look for what was sent, and break on a text that can't be an id."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, ids_among(self.field, value), attr)


class AutocompleteMany(AutocompleteSelectMultiple):
    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, ids_among(self.field, value), attr)


def ids_among(relation: Any, values: list[str]) -> list[str]:
    return [value for value in values if can_be(relation.target_field, value)]


class CheckedChoices(BaseModelAdmin[M]):
    """A choice that is not an id is an error of its field, and the form is shown again."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = Autocomplete(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = AutocompleteMany(
                db_field, self.admin_site, using=kwargs.get("using")
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)
