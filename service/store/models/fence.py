"""Electronic fences: WGS-84 inside, the numbers as they came kept beside them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from geofence.position import Datum
from service.domain.sites import FenceState
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class Fence(Identified, Versioned, Base):
    """电子围栏: in force when approved, from its first to its last day; a new shape is a new fence."""

    __tablename__ = "fence"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str]
    #: The shape in WGS-84, as geofence.fence.shape_to_dict gives it.
    shape: Mapped[dict[str, Any]]
    #: The shape as it was drawn, in `datum`.
    geometry: Mapped[dict[str, Any]]
    datum: Mapped[Datum] = mapped_column(kind(Datum))
    state: Mapped[FenceState] = mapped_column(kind(FenceState), default=FenceState.PROPOSED)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
