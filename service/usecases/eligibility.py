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
from service.domain.findings.filing_mismatch import is_listed
from service.domain.findings.registry import ASKED_RULES, look
from service.domain.findings.telling import oldest
from service.domain.identifiers import DocumentKind, compact, document_problem
from service.domain.sites import ProjectState
from service.errors import Problem, ServiceError, fault
from service.store.models import Filing, Person, Post, Project, Team
from service.store.queries.reach import people_within, projects_within
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
    #: The day of the client's consent that he also serves other projects, where there will be one.
    concurrent_consent_on: date | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """What speaks against it; a warning does not stand in the way, and what no rule was asked about has no kind."""

    rule: str
    kind: FindingKind | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cites: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether he may, all that was found, and when registry and list were last asked (None: never, or not all).

    `listed` says whether the list that binds the post names him for it; None where the project has no such list.
    """

    project_id: UUID
    person_id: UUID | None
    post_code: str
    on: date
    reasons: Sequence[Objection]
    certificates_checked_at: datetime | None = None
    listed: bool | None = None
    list_checked_at: datetime | None = None

    @property
    def eligible(self) -> bool:
        """True while nothing but warnings was found."""
        return all(reason.kind is FindingKind.WARNING for reason in self.reasons)


def ask(question: Question, *, actor: Actor, deps: Deps) -> Answer:
    """The answer for a project within reach; the question is recorded.

    A person nobody knows is an answer and no error, so that another system need not read errors for it. Of one whom the
    actor does not reach no more is told than which rules speak against him.
    """
    reach = require(actor, Permission.ELIGIBILITY_READ)
    _require_one("project_id", question.project_id, question.filing_number)
    _require_one("person_id", question.person_id, question.document_number)
    number = None if question.document_number is None else compact(question.document_number)
    with deps.database.begin(actor.account_id) as work:
        day = question.on or business_day(work.clock.now())
        project_id = _project(work, question, actor)
        team_kind = work.session.scalar(select(Post.team_kind).where(Post.code == question.post_code))
        if team_kind is None:
            raise fault("unknown_reference", "post_code")
        person_id = _person(work, question.person_id, number, deps.vault)
        team = work.session.scalar(select(Team).where(Team.project_id == project_id, Team.kind == team_kind))
        asked = Answer(project_id, person_id, question.post_code, day, ())
        answer = _answer(work, asked, team, question.concurrent_consent_on)
        rules = [reason.rule for reason in answer.reasons]
        told = {"post_code": question.post_code, "eligible": answer.eligible, "rules": rules}
        work.audit("eligibility:ask", project_id, person_id=str(person_id) if person_id else None, **told)
        his = select(Person.id).where(
            Person.id == person_id, people_within(reach, actor.account_id, business_day(work.clock.now()))
        )
        return answer if work.session.scalar(his) else _without_evidence(answer)


def _require_one(name: str, *given: object) -> None:
    if sum(each is not None for each in given) != 1:
        raise fault("exactly_one_needed", name)


def _person(work: Work, person_id: UUID | None, number: str | None, vault: Vault) -> UUID | None:
    """Who is meant, None where nobody is known; a number nobody has is refused where it is none of any kind."""
    if number is None:
        return work.session.scalar(select(Person.id).where(Person.id == person_id))
    known = work.session.scalar(
        select(Person.id).where(Person.document_hash == vault.digest("document", number.encode()))
    )
    problem = None if known else _problem(number)
    if problem:
        raise ServiceError([problem])
    return known


def _problem(number: str) -> Problem | None:
    """What is wrong with a number of nobody; 17 digits and a last character are an ID's, and no permit's."""
    is_id = len(number) == RESIDENT_ID_LENGTH and number[:-1].isdigit()
    kind = DocumentKind.RESIDENT_ID if is_id else DocumentKind.PASSPORT
    return document_problem(kind, number, "X-Document-Number")


def _project(work: Work, question: Question, actor: Actor) -> UUID:
    within = projects_within(actor.reach(Permission.ELIGIBILITY_READ))
    statement = select(Project.id).where(within)
    if question.filing_number is not None:
        statement = statement.join(Filing, Filing.project_id == Project.id)
        statement = statement.where(Filing.number == question.filing_number)
    else:
        statement = statement.where(Project.id == question.project_id)
    return found(work, statement, "project")


def _answer(work: Work, asked: Answer, team: Team | None, consent_on: date | None) -> Answer:
    if asked.person_id is None:
        return replace(asked, reasons=[Objection("unknown_person")])
    if team is None:
        return replace(asked, reasons=[Objection("no_team")])
    facts = person_facts(work, asked.person_id, asked.project_id, asked.on, person_rulebook(work, asked.on))
    if facts.site.state is ProjectState.COMPLETED:
        return replace(asked, reasons=[Objection("project_over")])
    facts = _as_if(facts, asked.person_id, asked.post_code, team, consent_on)
    certificates = [each.checked_at for each in facts.people[asked.person_id].certificates]
    ruled = asked.post_code in facts.posts
    entries = facts.binding(asked.post_code) if ruled else None
    return replace(
        asked,
        reasons=_reasons(work, look(facts, ASKED_RULES)),
        certificates_checked_at=oldest(certificates),
        listed=is_listed(facts, facts.seats[0]) if ruled else None,
        list_checked_at=oldest([each.checked_at for each in entries or ()]),
    )


def _as_if(facts: Facts, person_id: UUID, post_code: str, team: Team, consent_on: date | None) -> Facts:
    """The facts as if he sat on the post, beside every seat he has; a site that has not begun as if it had."""
    site = facts.site if facts.site.staffed else replace(facts.site, state=ProjectState.ACTIVE)
    person = facts.people[person_id]
    real = [replace(each, site=site) if each.site.id == site.id else each for each in person.seats]
    held = [each for each in real if each.site.id == site.id and each.post_code == post_code]
    seats = held or [Seat(None, person_id, post_code, site, team.kind, team.unit_id, facts.day)]
    if consent_on is not None:
        seats = [replace(each, concurrent_consent_on=consent_on) for each in seats]
    others = [each for each in real if each not in held]
    known = PersonFacts(person.certificates, person.employments, (*others, *seats))
    return replace(facts, site=site, seats=tuple(seats), people={person_id: known})


def _reasons(work: Work, results: Sequence[Found]) -> list[Objection]:
    if not results:
        return []
    return [
        Objection(str(each.rule), KIND_OF[each.rule], each.evidence, cites)
        for each, cites in zip(results, cites_of(work, results), strict=True)
    ]


def _without_evidence(answer: Answer) -> Answer:
    return replace(answer, person_id=None, reasons=[replace(each, evidence={}) for each in answer.reasons])
