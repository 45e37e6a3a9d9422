from django import template

from pipeline.candidates.models import CandidateImport

register = template.Library()
Status = CandidateImport.Status
COLORS = {
    Status.UPLOADED: "bg-yellow-lt",
    Status.QUEUED: "bg-azure-lt",
    Status.RUNNING: "bg-azure-lt",
    Status.DONE: "bg-green-lt",
    Status.FAILED: "bg-red-lt",
}


@register.filter
def status_color(imported: CandidateImport) -> str:
    """The class of its status's badge."""
    return COLORS[Status(imported.status)]
