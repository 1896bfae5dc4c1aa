class LabError(Exception):
    """The lab could not do what it was asked to; the text says what and where to look."""


class Timeout(LabError):
    """Something that should have happened in time did not."""
