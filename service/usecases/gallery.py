"""Everybody's templates in a worker's memory, searched exactly; PostgreSQL is asked each time which of them hold."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

import numpy as np
import numpy.typing as npt
import structlog
from sqlalchemy import select
from sqlalchemy.orm import load_only

from face.engines.base import Engine, length_of
from face.errors import EngineUnavailable
from face.search import Index
from face.space import Space
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.identity import Nearby
from service.store.models import Consent, ConsentKind, TemplateRow
from service.usecases.city_policy import city_policy
from service.usecases.spaces import descriptor_of, space_for

Array = npt.NDArray[np.float32]
log = structlog.get_logger(__name__)

#: Sealed templates held at once while loading.
BATCH = 1000
# Policies of two scopes may name two adaptations, and the one before goes on for a while; a city's takes 46 MB.
MOST = 3


@dataclass
class Gallery:
    """The templates in force of one engine version, projected into one space. Not for many threads at once."""

    engine: Engine
    space: Space
    index: Index[UUID]
    #: Whose each template is, and the other way round: of one engine version a person has one in force.
    owners: dict[UUID, UUID] = field(default_factory=dict)
    templates: dict[UUID, UUID] = field(default_factory=dict)
    #: Those that do not open here; they are not tried at each check-in again.
    broken: set[UUID] = field(default_factory=set)

    def nearest(
        self, descriptor: Array, count: int, deps: Deps, *, people: Collection[UUID] | None, beside: Collection[UUID]
    ) -> list[Nearby]:
        """The `count` people nearest to a raw descriptor (length,), nearest first, among `people`, None for everybody.

        Nobody in `beside` is among them. What changed in the database is taken in first.
        """
        held = self.refresh(people, deps)
        among = None if people is None else held.keys()
        hits = self.index.nearest(self.space.project(descriptor), count + len(beside), among)
        found = (Nearby(self.owners[hit.key], hit.key, hit.distance) for hit in hits)
        return list(islice((each for each in found if each.person_id not in beside), count))

    def refresh(self, people: Collection[UUID] | None, deps: Deps) -> dict[UUID, UUID]:
        """Take in what changed for these people, None for everybody: the templates that hold, and whose they are."""
        held = _in_force(self.engine, people, deps)
        for person_id in list(self.templates if people is None else people):
            template_id = self.templates.get(person_id)
            if template_id is not None and template_id not in held:
                del self.templates[person_id], self.owners[template_id]
                self.index.drop([template_id])
        if people is None:
            self.broken &= held.keys()
        self._take_in([key for key in held if key not in self.owners and key not in self.broken], deps)
        return held

    def within(self, limit: float, one: Nearby, others: Iterable[Nearby]) -> set[UUID]:
        """Who of these others lies no farther than `limit` from this one, by their templates held here."""
        beside = [each for each in others if each.person_id != one.person_id]
        vectors = self.index.vectors([one.template_id, *(each.template_id for each in beside)])
        apart = np.linalg.norm(vectors[1:] - vectors[0], axis=1)
        return {each.person_id for each, distance in zip(beside, apart, strict=True) if distance <= limit}

    def everybody(self, deps: Deps) -> tuple[Sequence[UUID], Array]:
        """All templates' ids and their projected vectors (n, length), as they are now."""
        self.refresh(None, deps)
        keys = list(self.owners)
        return keys, self.index.vectors(keys)

    def _take_in(self, ids: Iterable[UUID], deps: Deps) -> None:
        waiting = iter(ids)
        while batch := list(islice(waiting, BATCH)):
            statement = select(TemplateRow).where(TemplateRow.id.in_(batch))
            with deps.database.begin() as work:
                columns = load_only(TemplateRow.person_id, TemplateRow.sealed)
                rows = work.session.scalars(statement.options(columns)).all()
            for row in rows:
                self._put(row, deps)

    def _put(self, row: TemplateRow, deps: Deps) -> None:
        try:
            vector = self.space.project(descriptor_of(row, self.engine, deps))
            self.index.put([row.id], vector[np.newaxis])
        except (EngineUnavailable, ValueError) as error:
            # Its owner's own check-in says so too; the others are searched without it.
            log.error("a template cannot be searched", template_id=str(row.id), error=type(error).__name__)
            self.broken.add(row.id)
        else:
            self.owners[row.id], self.templates[row.person_id] = row.person_id, row.id


#: By engine, version and adaptation, the one used last at the end.
_KEPT: dict[tuple[str, str, str | None], Gallery] = {}


def gallery_for(engine: Engine, adaptation: str | None, deps: Deps) -> Gallery:
    """This process's gallery of an engine in the space a policy names, empty until it is first searched.

    Raises:
        EngineUnavailable: the adaptation is not there, does not open, or is another engine's.
    """
    key = (engine.id, engine.version, adaptation)
    gallery = _KEPT.pop(key, None)
    if gallery is None:
        gallery = Gallery(engine, space_for(engine, adaptation, deps), Index(length_of(engine.parts)))
    _KEPT[key] = gallery
    while len(_KEPT) > MOST:
        del _KEPT[next(iter(_KEPT))]
    return gallery


def warm(*, deps: Deps) -> None:
    """Load everybody, so that the first check-in of a morning does not wait for it.

    Raises:
        EngineUnavailable: the engine or its adaptation cannot be had.
    """
    engine = deps.engine()
    with deps.database.begin() as work:
        policy = city_policy(work, business_day(deps.clock.now())).face(engine.id)
    if policy is not None:
        gallery_for(engine, policy.adaptation, deps).refresh(None, deps)


def _in_force(engine: Engine, people: Collection[UUID] | None, deps: Deps) -> dict[UUID, UUID]:
    """The templates that may be searched now, and whose they are: in force, by this engine, with consent."""
    consented = select(Consent.id).where(
        Consent.person_id == TemplateRow.person_id, Consent.kind == ConsentKind.FACE, Consent.withdrawn_at.is_(None)
    )
    statement = select(TemplateRow.id, TemplateRow.person_id).where(
        TemplateRow.retired_at.is_(None),
        TemplateRow.engine == engine.id,
        TemplateRow.engine_version == engine.version,
        consented.exists(),
    )
    if people is not None:
        statement = statement.where(TemplateRow.person_id.in_(people))
    with deps.database.begin() as work:
        return {template_id: person_id for template_id, person_id in work.session.execute(statement)}  # noqa: C416 - rows are not pairs to a type checker
