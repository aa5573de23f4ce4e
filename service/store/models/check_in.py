"""Check-ins and the decision record that is kept whole beside each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.reasons import Verdict
from service.domain.reviews import ReviewOwner
from service.store.base import Base, Identified, Versioned
from service.store.models.claimed import Claimed
from service.store.models.kinds import kind


class CheckIn(Identified, Versioned, Claimed, Base):
    """打卡: one punch; `at` is its time, which is that of receipt, and never changes."""

    __tablename__ = "check_in"

    client_ref: Mapped[str]
    #: Keyed digest of photo and claim: the same reference with other content is somebody's mistake.
    fingerprint: Mapped[bytes]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photo.id"), unique=True)
    at: Mapped[datetime]
    taken_at: Mapped[datetime]
    #: The claim as it came: the position's raw pair and its datum, never converted in place.
    claim: Mapped[dict[str, Any]]
    photo_reused: Mapped[bool]
    #: The challenge its frames answer.
    challenge_id: Mapped[UUID | None] = mapped_column(ForeignKey("challenge.id"), unique=True)
    state: Mapped[Verdict] = mapped_column(kind(Verdict), default=Verdict.RECEIVED)
    decided_at: Mapped[datetime | None]
    #: [{"code", "data"}], every reason that speaks against it.
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    counts: Mapped[bool | None]
    counting_reasons: Mapped[list[Any]] = mapped_column(default=list)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    roster_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster_line.id"))
    review_owner: Mapped[ReviewOwner | None] = mapped_column(kind(ReviewOwner))

    __table_args__ = (
        UniqueConstraint("person_id", "client_ref"),
        Index("ix_check_in_project_id", "project_id", "id"),
        Index("ix_check_in_person_id", "person_id", "id"),
        Index("ix_check_in_team_id", "team_id", "id"),
        # A month of a project: with the person in between, PostgreSQL preferred to read the month of the whole city.
        Index("ix_check_in_project_at", "project_id", "at"),
        Index("ix_check_in_state", "state", "id"),
        Index("ix_check_in_at", "at"),
        # Who failed just now is asked at every check-in, and few are refused.
        Index("ix_check_in_refused", "person_id", "decided_at", postgresql_where="state = 'refused'"),
    )


class DecisionRecord(Identified, Base):
    """What a verdict rested on, or what a reviewer decided: added, never edited (a trigger refuses it)."""

    __tablename__ = "decision_record"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), index=True)
    #: 1 is the machine's; what people decide later follows.
    position: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(kind(Verdict))
    decided_by: Mapped[UUID | None]
    record: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("check_in_id", "position"),)
