"""What can go wrong with a photo: a refusal is a value, a broken engine is an exception."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a photo was not taken: a stable `code` and the numbers behind it, never a sentence."""

    code: str
    data: Mapping[str, object]


class EngineUnavailable(Exception):  # noqa: N818 - the name is the state it reports
    """The engine cannot start: its weights are missing or altered. No photo is to blame."""


class EngineFailed(Exception):  # noqa: N818 - the name is the state it reports
    """The engine broke on this photo or template: nothing was judged, so nothing may be accepted."""
