"""The enrolled people as an engine sees them: descriptors of the templates in force whose owners consent."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt
import structlog
from sqlalchemy import select
from sqlalchemy.orm import undefer

from face.engines.base import Engine
from face.errors import EngineUnavailable
from service.deps import Deps
from service.store.models import Consent, ConsentKind, TemplateRow
from service.usecases.spaces import descriptor_of, members_of

Array = npt.NDArray[np.float32]
T = TypeVar("T")
log = structlog.get_logger(__name__)
#: Hands items on and shows meanwhile how far somebody is with them; the second argument says with what.
Watch = Callable[[Sequence[T], str], Iterable[T]]

#: Of more persons a fixed draw is learned from and tried: the mean of 10,000 is known to a hundredth of their spread.
DRAWN = 10_000
_BATCH = 500


def unwatched(items: Sequence[T], label: str) -> Iterable[T]:  # noqa: ARG001 - nobody reads the label
    """For who looks at no progress."""
    return items


def members_in_force(
    engine: Engine, deps: Deps, watch: Watch[list[UUID]] = unwatched, most: int = DRAWN
) -> dict[UUID, Array]:
    """Each person's enrolment descriptors (photos, length), by person; of more than `most` persons a fixed draw.

    A template that does not open, or is damaged, is logged and left out: hundreds of others teach as much without it.
    """
    ids = _ids(engine, deps)
    if len(ids) > most:
        drawn = np.random.default_rng(0).choice(len(ids), most, replace=False)
        ids = [ids[at] for at in np.sort(drawn)]
    return _opened(members_of, _rows(ids, deps, watch, with_members=True), engine, deps)


def means_in_force(engine: Engine, deps: Deps, watch: Watch[list[UUID]] = unwatched) -> dict[UUID, Array]:
    """Everybody's mean descriptor (length,), by person, with the same left out as in `members_in_force`."""
    return _opened(descriptor_of, _rows(_ids(engine, deps), deps, watch, with_members=False), engine, deps)


def _opened(
    read: Callable[[TemplateRow, Engine, Deps], Array], rows: Iterable[TemplateRow], engine: Engine, deps: Deps
) -> dict[UUID, Array]:
    found: dict[UUID, Array] = {}
    left_out = 0
    for row in rows:
        try:
            found[row.person_id] = read(row, engine, deps)
        except EngineUnavailable as error:
            log.error("a template cannot be read", template_id=str(row.id), why=str(error))
            left_out += 1
    if left_out:
        log.error("templates were left out", templates=left_out, read=len(found))
    return found


def _ids(engine: Engine, deps: Deps) -> list[UUID]:
    consented = select(Consent.id).where(
        Consent.person_id == TemplateRow.person_id, Consent.kind == ConsentKind.FACE, Consent.withdrawn_at.is_(None)
    )
    statement = select(TemplateRow.id).where(
        TemplateRow.retired_at.is_(None),
        TemplateRow.engine == engine.id,
        TemplateRow.engine_version == engine.version,
        consented.exists(),
    )
    with deps.database.begin() as work:
        return list(work.session.scalars(statement.order_by(TemplateRow.id)))


def _rows(ids: list[UUID], deps: Deps, watch: Watch[list[UUID]], *, with_members: bool) -> Iterator[TemplateRow]:
    """Batches in transactions of their own, so that opening seals keeps nobody waiting."""
    batches = [ids[at : at + _BATCH] for at in range(0, len(ids), _BATCH)]
    for batch in watch(batches, "reading templates"):
        statement = select(TemplateRow).where(TemplateRow.id.in_(batch)).order_by(TemplateRow.id)
        if with_members:
            statement = statement.options(undefer(TemplateRow.sealed_members))
        with deps.database.begin() as work:
            rows = work.session.scalars(statement).all()
        yield from rows
