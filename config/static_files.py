from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Collects what the pages use. The UI kit's other sheets name images that are not here."""

    ignore_patterns = (
        *StaticFilesConfig.ignore_patterns,
        *("tabler-*", "*.rtl.*"),
        *("modular", "src", "Sortable.js"),  # the minified one is what a page loads
    )
