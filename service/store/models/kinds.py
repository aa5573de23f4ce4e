"""How enumerations are stored: as text with a CHECK, so that a new value is one migration and no type."""

from enum import StrEnum

from sqlalchemy import Enum


def kind(values: type[StrEnum]) -> Enum:
    """A text column that holds the values of a StrEnum."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )
