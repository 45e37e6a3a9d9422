"""What stops an import before anything is written."""


class ImportRefused(Exception):
    """The file can't be imported. The message says why and what to do, for people."""


class NoLongerAllowed(Exception):
    """Who ordered the import may no longer; says why, in a recruiter's words."""
