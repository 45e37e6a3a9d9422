"""What the background work puts off, for whoever runs this Belay: of all loops and workspaces."""

from django.contrib import admin

from pipeline.workspaces.admin_access import SuperusersOnly
from pipeline.workspaces.admin_lists import Newest, ReadOnly
from pipeline.workspaces.models.setback import Setback


@admin.register(Setback)
class SetbackAdmin(ReadOnly, SuperusersOnly[Setback]):
    """To be read: a row goes by itself, as soon as its record works again or is gone.

    For superusers only: the errors are the program's own words, and some are of no workspace.
    """

    list_display = ("what", "loop", "record", "workspace", "failures", "failed_at", "retry_at")
    list_filter = ("loop", ("workspace", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("what", "error", "=record")
    search_help_text = "What it is about, the error, or the record's id."
    ordering = ("-failures", "-pk")  # the most stubborn first
    paginator = Newest[Setback]
    show_full_result_count = False
