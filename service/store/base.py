"""What every table shares: names of constraints, ids that sort by time, a version for concurrent edits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from uuid_utils.compat import uuid7


class Base(DeclarativeBase):
    """The declarative base; constraint names are predictable because errors are translated by them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute as it stands
        datetime: DateTime(timezone=True),
        UUID: Uuid(as_uuid=True),
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        int: BigInteger,
    }


def new_id() -> UUID:
    """A UUID of version 7: its order is the order of making, so a list's cursor is an id."""
    return uuid7()


class Identified:
    """A row with an id of its own and the time it was made."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime]


class Versioned:
    """A row that people edit; its version is the ETag and SQLAlchemy checks it at each UPDATE."""

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - a mixin's declared attribute takes the class
        return {"version_id_col": cls.version}
