"""How far a reach goes over suspicions about people, as conditions; a suspicion about himself nobody sees."""

from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select, true

from service.domain.actors import Actor, Permission
from service.store.models import DuplicateCase, IdentityCase, Person
from service.store.queries.reach import among, people_acted_on, project_ids


def identity_cases_within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Identity cases of the projects of one's body."""
    reach = actor.reach(permission)
    within = true() if reach.city else among(IdentityCase.project_id, project_ids(reach))
    return and_(within, _about_others(IdentityCase, actor))


def duplicate_cases_within(actor: Actor, permission: Permission, today: date) -> ColumnElement[bool]:
    """Likely duplicates one of whom the actor may act on: two names are compared by whoever answers for either."""
    reach = actor.reach(permission)
    people = select(Person.id).where(people_acted_on(reach, actor.account_id, today))
    either = or_(among(DuplicateCase.person_id, people), among(DuplicateCase.other_person_id, people))
    return and_(true() if reach.city else either, _about_others(DuplicateCase, actor))


def _about_others(model: type[IdentityCase | DuplicateCase], actor: Actor) -> ColumnElement[bool]:
    if actor.person_id is None:
        return true()
    return and_(model.person_id != actor.person_id, model.other_person_id != actor.person_id)
