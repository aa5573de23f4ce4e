"""Where a row came from: a person's hands, a spreadsheet, or another system."""

from enum import StrEnum


class Source(StrEnum):
    """The origin of a row, and of what was last said about it."""

    TYPED = "typed"
    SPREADSHEET = "spreadsheet"
    FILING_SYSTEM = "filing_system"
    CERTIFICATE_REGISTRY = "certificate_registry"
