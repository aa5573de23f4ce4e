"""Eligibility: may this person take this post on this project, and why not, before anybody puts him there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.findings.base import KIND_OF, FindingKind, Found
from service.domain.findings.facts import Facts, PersonFacts, Seat
from service.domain.findings.registry import PERSON_RULES, look
from service.domain.identifiers import DocumentKind, compact, document_problem
from service.domain.sites import ProjectState
from service.errors import ServiceError, fault
from service.store.models import Filing, Person, Post, Project, Team
from service.store.queries.reach import projects_within
from service.store.vault import Vault
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.crosscheck_facts import person_facts
from service.usecases.crosscheck_rulebook import person_rulebook
from service.usecases.findings import cites_of

RESIDENT_ID_LENGTH = 18


@dataclass(frozen=True, slots=True)
class Question:
    """Who is meant, by id or document number, on which post of which project, by id or filing number, on which day."""

    post_code: str
    project_id: UUID | None = None
    filing_number: str | None = None
    person_id: UUID | None = None
    document_number: str | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against it; a warning does not stand in the way."""

    rule: str
    kind: FindingKind | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cites: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether he may, all that was found, and when registry and list were last asked (None: never, or not all)."""

    project_id: UUID
    person_id: UUID | None
    post_code: str
    on: date
    reasons: Sequence[Objection]
    certificates_checked_at: datetime | None = None
    list_checked_at: datetime | None = None

    @property
    def eligible(self) -> bool:
        """True while nothing but warnings was found."""
        return all(reason.kind is FindingKind.WARNING for reason in self.reasons)


def ask(question: Question, *, actor: Actor, deps: Deps) -> Answer:
    """The answer for a project within reach; the question is recorded.

    A person nobody knows is an answer and no error, so that another system need not read errors for it.
    """
    require(actor, Permission.ELIGIBILITY_READ)
    _require_one("project_id", question.project_id, question.filing_number)
    _require_one("person_id", question.person_id, question.document_number)
    digest = _digest(question.document_number, deps.vault)
    with deps.database.begin(actor.account_id) as work:
        day = question.on or business_day(work.clock.now())
        project_id = _project(work, question, actor)
        team_kind = work.session.scalar(select(Post.team_kind).where(Post.code == question.post_code))
        if team_kind is None:
            raise fault("unknown_reference", "post_code")
        whom = Person.id == question.person_id if digest is None else Person.document_hash == digest
        person_id = work.session.scalar(select(Person.id).where(whom))
        team = work.session.scalar(select(Team).where(Team.project_id == project_id, Team.kind == team_kind))
        answer = _answer(work, Answer(project_id, person_id, question.post_code, day, ()), team)
        rules = [reason.rule for reason in answer.reasons]
        told = {"post_code": question.post_code, "eligible": answer.eligible, "rules": rules}
        work.audit("eligibility:ask", project_id, person_id=str(person_id) if person_id else None, **told)
        return answer


def _require_one(name: str, *given: object) -> None:
    if sum(each is not None for each in given) != 1:
        raise fault("exactly_one_needed", name)


def _digest(number: str | None, vault: Vault) -> bytes | None:
    """The hash by which a document number is found; one that cannot be one is refused, and told why."""
    if number is None:
        return None
    plain = compact(number)
    kind = DocumentKind.RESIDENT_ID if len(plain) == RESIDENT_ID_LENGTH else DocumentKind.PASSPORT
    if problem := document_problem(kind, plain, "X-Document-Number"):
        raise ServiceError([problem])
    return vault.digest("document", plain.encode())


def _project(work: Work, question: Question, actor: Actor) -> UUID:
    within = projects_within(actor.reach(Permission.ELIGIBILITY_READ))
    statement = select(Project.id).where(within)
    if question.filing_number is not None:
        statement = statement.join(Filing, Filing.project_id == Project.id)
        statement = statement.where(Filing.number == question.filing_number)
    else:
        statement = statement.where(Project.id == question.project_id)
    return found(work, statement, "project")


def _answer(work: Work, asked: Answer, team: Team | None) -> Answer:
    if asked.person_id is None:
        return replace(asked, reasons=[Objection("unknown_person")])
    if team is None:
        return replace(asked, reasons=[Objection("no_team")])
    facts = person_facts(work, asked.person_id, asked.project_id, asked.on, person_rulebook(work, asked.on))
    facts = _as_if(facts, asked.person_id, asked.post_code, team)
    results = look(facts, PERSON_RULES)
    certificates = [each.checked_at for each in facts.people[asked.person_id].certificates]
    basis = facts.posts[asked.post_code].binding if asked.post_code in facts.posts else None
    return replace(
        asked,
        reasons=_reasons(work, results),
        certificates_checked_at=_oldest(certificates),
        list_checked_at=_oldest([each.checked_at for each in facts.listed if each.basis is basis]),
    )


def _as_if(facts: Facts, person_id: UUID, post_code: str, team: Team) -> Facts:
    """The facts as if he sat on the post, beside every seat he has; a site that has not begun as if it had."""
    site = facts.site if facts.site.staffed else replace(facts.site, state=ProjectState.ACTIVE)
    seat = Seat(None, person_id, post_code, site, team.kind, team.unit_id, facts.day)
    person = facts.people[person_id]
    real = [replace(each, site=site) if each.site.id == site.id else each for each in person.seats]
    held = [each for each in real if each.site.id == site.id and each.post_code == post_code]
    seats = real if held else [*real, seat]
    known = PersonFacts(person.certificates, person.employments, tuple(seats))
    return replace(facts, site=site, seats=tuple(held or [seat]), people={person_id: known})


def _reasons(work: Work, results: Sequence[Found]) -> list[Objection]:
    if not results:
        return []
    cites = cites_of(work, {each.rule for each in results})
    return [Objection(str(each.rule), KIND_OF[each.rule], each.evidence, cites[each.rule]) for each in results]


def _oldest(moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
