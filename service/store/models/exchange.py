"""Exchange: keys of other systems, runs of synchronisation with what they could not take, and loads of spreadsheets."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.exchange import Peer, RunState, Things, Trigger
from service.store.base import Base, Identified, Versioned
from service.store.models.claimed import Claimed
from service.store.models.kinds import kind


class KeyMapping(Identified, Versioned, Base):
    """键值映射: what another system calls a thing, or a word such as a post, and what it is here."""

    __tablename__ = "key_mapping"

    peer: Mapped[Peer] = mapped_column(kind(Peer))
    #: project, person, certificate; or post, district, certificate_type, project_kind for words.
    thing: Mapped[str]
    external_key: Mapped[str]
    #: An id, or a code of ours.
    internal_key: Mapped[str]
    #: When a record last used this word.
    used_at: Mapped[datetime | None]
    #: Of a record's key: when the peer had changed the record that was last taken; an older one is not.
    changed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("peer", "thing", "external_key"),)


class SyncRun(Identified, Versioned, Base):
    """同步: one run over what changed at a peer; it goes on from `cursor` where the run before it ended."""

    __tablename__ = "sync_run"

    peer: Mapped[Peer] = mapped_column(kind(Peer))
    trigger: Mapped[Trigger] = mapped_column(kind(Trigger))
    state: Mapped[RunState] = mapped_column(kind(RunState), default=RunState.WAITING)
    #: The peer's word for how far was read and kept; None: from the beginning.
    cursor: Mapped[str | None]
    #: {"created": 1, "changed": 2, "unchanged": 3, "refused": 4}
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The SHA-256 of the last answer that was read, and when: what it said can be proved without keeping it.
    answer_sha256: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    #: Why it failed, by code.
    failure: Mapped[str | None]
    #: For the night's run: one a day and peer.
    night: Mapped[date | None]
    asked_by: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_sync_run_peer", "peer", "id"),
        # Of a peer one run is open at a time, whoever asks for two at once; pushes are done when they are written.
        Index("uq_sync_run_open", "peer", unique=True, postgresql_where="state IN ('waiting', 'running')"),
        UniqueConstraint("peer", "night"),
    )


class SyncIssue(Base):
    """对账差异: a record a run could not take, by the peer's key, with the code why; never its personal data."""

    __tablename__ = "sync_issue"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("sync_run.id"))
    thing: Mapped[str]
    external_key: Mapped[str]
    field: Mapped[str | None]
    code: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    #: When the peer told the record again: it was taken, or has a new issue. Until then each run asks for it again.
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_sync_issue_run_id", "run_id", "id"),
        Index("ix_sync_issue_open", "external_key", postgresql_where="settled_at IS NULL"),
    )


class SpreadsheetLoad(Identified, Versioned, Claimed, Base):
    """导入: a spreadsheet sent in, how far its rows were taken, and a file of those that were not."""

    __tablename__ = "spreadsheet_load"

    things: Mapped[Things] = mapped_column(kind(Things))
    state: Mapped[RunState] = mapped_column(kind(RunState), default=RunState.WAITING)
    dry_run: Mapped[bool]
    #: Put roster lines in force where the list that binds names the person.
    in_force: Mapped[bool] = mapped_column(default=False)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("photo.id"))
    #: The rows that were not taken, each with what is wrong, to be mended and sent again.
    errors_id: Mapped[UUID | None] = mapped_column(ForeignKey("photo.id"))
    rows: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The first problems by row, [{"row", "column", "code", "data"}], without what stood in the cells.
    problems: Mapped[list[Any]] = mapped_column(default=list)
    #: What its next job has to know of its batches, a packed piece each (usecases/loads_memory.py); empty in the end.
    remembered: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), default=list, deferred=True)
    #: What its sender should know of the file beside, [{"code", "data"}]: hidden sheets, columns nobody knows.
    notices: Mapped[list[Any]] = mapped_column(default=list)
    #: Why the file as a whole could not be read.
    failure: Mapped[dict[str, Any] | None]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_spreadsheet_load_open", "id", postgresql_where="state IN ('waiting', 'running')"),)


class CrosscheckNight(Identified, Base):
    """资质夜检: the night of a day, on which every project is held against lists, certificates and employments once."""

    __tablename__ = "crosscheck_night"

    day: Mapped[date] = mapped_column(unique=True)
    #: The last project that is done: the next begins after it.
    through_id: Mapped[UUID | None]
    projects: Mapped[int] = mapped_column(default=0)
    #: Those that could not be checked; the log says why.
    failed: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    closed: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
