"""Where records of lists and rosters belong: filings with their projects, and posts with their teams."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from service.domain.sites import TeamKind
from service.store.models import Filing, Post, Project
from service.usecases.bulk.batch import Batch


@dataclass(frozen=True, slots=True)
class Place:
    """A filing and its project."""

    filing_id: UUID
    project_id: UUID


def places_of(batch: Batch[Any], within: ColumnElement[bool]) -> dict[str, Place]:
    """By number the filings that open records name, of these projects; others are refused as unknown."""
    numbers = {told.filing_number for _, told in batch.open()}
    columns = select(Filing.number, Filing.id, Filing.project_id).join(Project, Project.id == Filing.project_id)
    rows = batch.work.session.execute(columns.where(Filing.number.in_(numbers), within))
    places = {row.number: Place(row.id, row.project_id) for row in rows}
    for at, told in list(batch.open()):
        if told.filing_number not in places:
            batch.refuse(at, "unknown_reference", "filing_number")
    return places


def posts_of(batch: Batch[Any]) -> dict[str, TeamKind]:
    """Every post with the kind of its team; records with another one are refused."""
    posts = {row.code: row.team_kind for row in batch.work.session.execute(select(Post.code, Post.team_kind))}
    for at, told in list(batch.open()):
        if told.post_code not in posts:
            batch.refuse(at, "unknown_reference", "post_code")
    return posts
