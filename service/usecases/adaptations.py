"""Adaptations as the operator keeps them: learned from everybody enrolled, named, listed, and never changed again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Integer, cast, func, select

from face.engines.base import Engine
from face.space import MIN_PERSONS, Adaptation, learn, space_of
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.policies import CheckInPolicy
from service.errors import NotDone
from service.store.base import new_id
from service.store.locks import hold
from service.store.models import AdaptationRow, TemplateRow
from service.store.work import Work
from service.usecases.city_policy import city_policy, silent_about
from service.usecases.population import Watch, members_in_force, unwatched


@dataclass(frozen=True, slots=True)
class Kept:
    """How many templates in force one engine version made, and how many of them from too few photos."""

    engine: str
    version: str
    persons: int
    weak: int


@dataclass(frozen=True, slots=True)
class Status:
    """What faces are judged by today."""

    engine: str
    version: str
    templates: Sequence[Kept]
    adaptations: Sequence[AdaptationRow]
    today: date
    policy: CheckInPolicy
    #: Versions in force today, of whatever scope, that say nothing of the engine.
    silent: Sequence[str]


def status(*, deps: Deps) -> Status:
    """The engine of the settings, what is enrolled and learned, and the city's policy of today."""
    engine, today = deps.engine(), business_day(deps.clock.now())
    weak = func.count().filter(TemplateRow.weak)
    counted = (
        select(TemplateRow.engine, TemplateRow.engine_version, func.count(), weak)
        .where(TemplateRow.retired_at.is_(None))
        .group_by(TemplateRow.engine, TemplateRow.engine_version)
        .order_by(TemplateRow.engine, TemplateRow.engine_version)
    )
    with deps.database.begin() as work:
        kept = [Kept(*row) for row in work.session.execute(counted)]
        learned = work.session.scalars(select(AdaptationRow).order_by(AdaptationRow.id)).all()
        policy, silent = city_policy(work, today), silent_about(engine.id, work, today)
        return Status(engine.id, engine.version, kept, learned, today, policy, silent)


def learn_adaptation(*, deps: Deps, watch: Watch[list[UUID]] = unwatched) -> AdaptationRow:
    """What the people enrolled with today's engine teach it, kept under a new name; in force once a policy names it.

    Raises:
        NotDone: too few of them have two photos or more.
    """
    engine = deps.engine()
    members = list(members_in_force(engine, deps, watch).values())
    several = sum(len(photos) > 1 for photos in members)
    if several < MIN_PERSONS:
        raise NotDone(
            f"{several} persons are enrolled with two photos or more by {engine.id} {engine.version}; "
            f"below {MIN_PERSONS} nothing is learned of them"
        )
    return _keep(learn(members, space_of(engine)), deps)


def adaptation_for(name: str, engine: Engine, deps: Deps) -> str | None:
    """The adaptation an operator means by a name, `latest` or `none`: its name, None for the plain space.

    Raises:
        NotDone: there is none of that name for this engine version.
    """
    if name == "none":
        return None
    names = names_for(engine, deps)
    if name == "latest":
        return names[0] if names else None
    if name not in names:
        raise NotDone(f"there is no adaptation {name} for {engine.id} {engine.version}")
    return name


def names_for(engine: Engine, deps: Deps) -> Sequence[str]:
    """The adaptations learned for this engine version, the newest first."""
    mine = (AdaptationRow.engine == engine.id, AdaptationRow.engine_version == engine.version)
    statement = select(AdaptationRow.name).where(*mine).order_by(AdaptationRow.id.desc())
    with deps.database.begin() as work:
        return work.session.scalars(statement).all()


def _keep(adaptation: Adaptation, deps: Deps) -> AdaptationRow:
    with deps.database.begin() as work:
        # Two that are learned at once take their numbers one after the other.
        hold(work, "adaptation", adaptation.engine)
        name = _next_name(work, adaptation.engine)
        row = AdaptationRow(
            id=new_id(),
            name=name,
            engine=adaptation.engine,
            engine_version=adaptation.version,
            persons=adaptation.persons,
            sealed=deps.vault.seal(f"adaptation:{name}", adaptation.to_bytes()),
        )
        work.add(row)
        work.audit("adaptation:learn", row.id, name=name, version=row.engine_version, persons=row.persons)
        return row


def _next_name(work: Work, engine: str) -> str:
    number = cast(func.substring(AdaptationRow.name, "-([0-9]{1,9})$"), Integer)
    last = work.session.scalars(select(func.max(number)).where(AdaptationRow.engine == engine)).one()
    return f"{engine}-{(last or 0) + 1}"
