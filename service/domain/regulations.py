"""Regulations: how sure we are of what a rule rests on."""

from enum import StrEnum


class Confidence(StrEnum):
    """How a regulation's text is known, from the best to the weakest."""

    #: The official text was seen.
    OFFICIAL = "official"
    #: A copy, a press report or an official interpretation of a named document.
    COPY = "copy"
    #: Secondary pages that agree.
    SECONDARY = "secondary"
    #: Known by recollection or from one page that cannot be trusted alone.
    WEAK = "weak"
