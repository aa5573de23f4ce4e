"""Certificates of people: entered by whoever may act on the person, seen by whoever may see him."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.topics import Topic
from service.store.models import Certificate, Person
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import people_acted_on, people_within
from service.usecases.access import found, require, require_version
from service.usecases.people import acted_on


def create_certificate(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> Certificate:
    """A new certificate; the same number of the same type is refused, whosever it is."""
    with deps.database.begin(actor.account_id) as work:
        acted_on(work, values["person_id"], actor, Permission.CERTIFICATE_WRITE)
        certificate = work.add(Certificate(**values))
        work.audit("certificate:create", certificate.id)
        work.publish(Topic.CERTIFICATE_CHANGED, certificate.person_id)
        return certificate


def read_certificate(certificate_id: UUID, *, actor: Actor, deps: Deps) -> Certificate:
    """One certificate of a person within the actor's reach."""
    statement = _seen(actor, deps)
    with deps.database.begin() as work:
        return found(work, statement.where(Certificate.id == certificate_id), "certificate")


def change_certificate(
    certificate_id: UUID, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps
) -> Certificate:
    """A certificate renewed or put right; it stays with its person."""
    # Whoever knows the person learns that he may not, and reads nothing.
    known = select(Person.id).where(people_within(require(actor, Permission.CERTIFICATE_WRITE), actor.account_id))
    statement = select(Certificate).where(Certificate.id == certificate_id, Certificate.person_id.in_(known))
    with deps.database.begin(actor.account_id) as work:
        certificate = found(work, statement, "certificate")
        acted_on(work, certificate.person_id, actor, Permission.CERTIFICATE_WRITE)
        require_version(certificate.version, version)
        changed = [name for name, value in values.items() if getattr(certificate, name) != value]
        for name in changed:
            setattr(certificate, name, values[name])
        if changed:
            work.save()
            work.audit("certificate:change", certificate.id, fields=sorted(changed))
            work.publish(Topic.CERTIFICATE_CHANGED, certificate.person_id)
        return certificate


def list_certificates(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[Certificate]:
    """A page of certificates within reach; with `valid_on` and `expiring_before` those to be renewed by a day."""
    statement = _seen(actor, deps)
    for name in ("person_id", "type_code", "number"):
        if name in filters:
            statement = statement.where(getattr(Certificate, name) == filters[name])
    if "valid_on" in filters:
        lasting = or_(Certificate.valid_until.is_(None), Certificate.valid_until >= filters["valid_on"])
        statement = statement.where(Certificate.valid_from <= filters["valid_on"], lasting)
    if "expiring_before" in filters:
        statement = statement.where(Certificate.valid_until < filters["expiring_before"])
    with deps.database.begin() as work:
        return page(work.session, statement, Certificate.id, window)


def _seen(actor: Actor, deps: Deps) -> Select[Certificate]:
    """Those of people on lines in force, of oneself and of people one registered: a draft opens nobody's papers."""
    today = business_day(deps.clock.now())
    people = select(Person.id).where(
        people_acted_on(require(actor, Permission.CERTIFICATE_READ), actor.account_id, today)
    )
    return select(Certificate).where(Certificate.person_id.in_(people))
