from django.contrib.admin.apps import AdminConfig


class AdminSite(AdminConfig):
    """Django admin, with Belay's rule of who sees what."""

    default_site = "pipeline.workspaces.admin_site.Site"
