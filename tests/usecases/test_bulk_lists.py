"""Lists and rosters taken in bulk: whom filings name, and who is put on a post."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.records import Document, ListRecord, Origin, PersonRecord, Record, Result, RosterRecord, Taken
from service.domain.roster import Basis, LineAct, LineState, Match
from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.locks import hold
from service.store.models import Filing, ListEntry, Outbox, Person, PostRuleRow, RosterLine
from service.usecases import crosscheck_night, dispatch, roster, roster_match
from service.usecases.bulk import complete
from tests.bulk import SHEET, person_number, refusals, results, statements, taken, unit_record
from tests.factories import MORNING, NUMBERS, Site, World
from tests.factories_crosscheck import set_line, standing, told, unit_of

FILED = Origin(Source.FILING_SYSTEM, checked_at=MORNING, in_force=True)
BEGUN, LATER, ENDED = date(2026, 2, 1), date(2026, 6, 1), date(2026, 12, 31)


@dataclass
class Filed:
    """A site with a filing."""

    site: Site
    number: str

    def entry(self, document: Document | None = None, post: str = "project_manager", **fields: Any) -> ListRecord:
        return replace(ListRecord(self.number, Basis.FILING, post, document or somebody(), BEGUN), **fields)

    def line(self, document: Document, post: str = "project_manager", **fields: Any) -> RosterRecord:
        return replace(RosterRecord(self.number, post, document, BEGUN), **fields)


def somebody(name: str = "张三") -> Document:
    return Document(person_number(), name)


def file(world: World, site: Site) -> Filed:
    number = f"报{next(NUMBERS)}"
    with world.deps.database.begin() as work:
        work.add(Filing(project_id=site.project_id, number=number))
    return Filed(site, number)


@pytest.fixture
def filed(world: World) -> Filed:
    return file(world, world.site())


def registered(deps: Deps, name: str = "张三") -> Document:
    document = somebody(name)
    taken(deps, [PersonRecord(document)])
    return document


def entries(deps: Deps) -> list[ListEntry]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(ListEntry).order_by(ListEntry.id)))


def line_of(deps: Deps, answer: Taken) -> RosterLine:
    with deps.database.begin() as work:
        return work.session.get_one(RosterLine, answer.id)


def published(deps: Deps, topic: Topic) -> Sequence[UUID]:
    with deps.database.begin() as work:
        return work.session.scalars(select(Outbox.subject_id).where(Outbox.topic == topic).order_by(Outbox.id)).all()


def work_off(deps: Deps) -> None:
    while dispatch.dispatch(deps=deps):
        deps.queue.work_off(deps)  # type: ignore[attr-defined]


def test_an_entry_registers_its_person_and_is_made_once(deps: Deps, filed: Filed) -> None:
    record = filed.entry(unit=unit_record())
    assert results(taken(deps, [record, record], FILED)) == [Result.CREATED, Result.UNCHANGED]
    assert results(taken(deps, [record], FILED)) == [Result.UNCHANGED]
    [entry] = entries(deps)
    with deps.database.begin() as work:
        person = work.session.get_one(Person, entry.person_id)
    assert (person.name, person.document_tail) == ("张三", record.document.number[-4:])
    assert (entry.basis, entry.starts_on, entry.ends_on, entry.version) == (Basis.FILING, BEGUN, None, 1)
    assert (entry.source, entry.checked_at) == (Source.FILING_SYSTEM, MORNING)
    assert published(deps, Topic.LIST_CHANGED) == [filed.site.project_id]


def test_the_last_day_of_an_entry_is_always_told(deps: Deps, filed: Filed) -> None:
    record = filed.entry()
    taken(deps, [record])
    for ends_on in (ENDED, None):
        assert results(taken(deps, [replace(record, ends_on=ends_on)])) == [Result.CHANGED]
        assert entries(deps)[0].ends_on == ends_on


def test_one_list_of_a_project_has_two_filings(world: World, deps: Deps, filed: Filed) -> None:
    other = file(world, filed.site)
    record = filed.entry()
    again = replace(record, filing_number=other.number)
    assert results(taken(deps, [record, again], FILED)) == [Result.CREATED, Result.UNCHANGED]
    assert refusals(taken(deps, [record, replace(again, ends_on=ENDED)])) == [("repeated_otherwise", "ends_on")]
    assert len(entries(deps)) == 1


def test_what_is_wrong_with_entries_is_told_row_by_row(deps: Deps, filed: Filed) -> None:
    document = registered(deps)
    batch = [
        filed.entry(filing_number="no such"),
        filed.entry(post="no_such_post"),
        filed.entry(replace(document, name="李四")),
        filed.entry(ends_on=date(2026, 1, 1)),
        filed.entry(document),
    ]
    answers = taken(deps, batch)
    assert refusals(answers) == [
        ("unknown_reference", "filing_number"),
        ("unknown_reference", "post_code"),
        ("name_conflict", "document.name"),
        ("dates_in_order", "ends_on"),
    ]
    assert answers[-1].result is Result.CREATED
    with deps.database.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(Person)) == 1


def test_who_is_not_named_any_more_ends_yesterday(deps: Deps, filed: Filed) -> None:
    stays, goes, typed = filed.entry(), filed.entry(), filed.entry()
    future = filed.entry(starts_on=LATER)
    taken(deps, [stays, goes, future], FILED)
    taken(deps, [typed])
    for ended in (2, 0):
        with deps.database.begin() as work:
            assert complete(work, {filed.number: [stays]}, FILED, deps) == ended
    ends = [entry.ends_on for entry in entries(deps)]
    assert sorted(ends, key=str) == [date(2026, 3, 1), LATER, None, None]
    # Who is named again is on the list again.
    assert results(taken(deps, [goes], FILED)) == [Result.CHANGED]


def test_a_body_writes_lists_of_its_own_projects(world: World, deps: Deps, filed: Filed) -> None:
    own = Origin(Source.SPREADSHEET, world.actor(Role.OFFICER, Scope.BODY, filed.site.body))
    other = Origin(Source.SPREADSHEET, world.actor(Role.OFFICER, Scope.BODY, world.body()))
    assert refusals(taken(deps, [filed.entry()], other)) == [("unknown_reference", "filing_number")]
    assert results(taken(deps, [filed.entry()], own)) == [Result.CREATED]


def test_a_line_is_submitted_and_then_unchanged(deps: Deps, filed: Filed) -> None:
    record = filed.line(registered(deps))
    [made] = taken(deps, [record])
    line = line_of(deps, made)
    assert made.result is Result.CREATED
    assert (line.state, line.match, line.team_id) == (LineState.SUBMITTED, Match.NO_LIST, filed.site.construction)
    assert (line.source, line.approved_at, line.return_reasons) == (Source.SPREADSHEET, None, [])
    assert results(taken(deps, [record])) == [Result.UNCHANGED]
    mended = replace(record, ends_on=ENDED, concurrent_consent_on=BEGUN)
    assert results(taken(deps, [mended])) == [Result.CHANGED]
    assert results(taken(deps, [record, record])) == [Result.UNCHANGED] * 2
    line = line_of(deps, made)
    assert (line.ends_on, line.concurrent_consent_on, line.version) == (ENDED, BEGUN, 2)


def test_a_line_is_in_force_when_its_list_names_the_person(deps: Deps, filed: Filed) -> None:
    named, not_named = registered(deps), registered(deps)
    # Without a list the program is believed.
    [unlisted] = taken(deps, [filed.line(registered(deps), "safety_officer")], FILED)
    assert (line_of(deps, unlisted).state, line_of(deps, unlisted).match) == (LineState.IN_FORCE, Match.NO_LIST)
    taken(deps, [filed.line(named)])
    taken(deps, [filed.entry(named)], FILED)
    answers = taken(deps, [filed.line(named), filed.line(not_named)], FILED)
    assert results(answers) == [Result.CHANGED, Result.CREATED]
    lines = [line_of(deps, each) for each in answers]
    assert [(line.state, line.match) for line in lines] == [
        (LineState.IN_FORCE, Match.MATCHED),
        (LineState.SUBMITTED, Match.MISMATCHED),
    ]
    assert [line.approved_at for line in lines] == [MORNING, None]
    assert results(taken(deps, [filed.line(named), filed.line(not_named)], FILED)) == [Result.UNCHANGED] * 2


def test_a_replacement_waits_for_somebody_to_look_at_it(world: World, deps: Deps, filed: Filed) -> None:
    old = world.line(filed.site.construction, world.person().id)
    document = registered(deps)
    taken(deps, [filed.entry(document)])
    [made] = taken(deps, [filed.line(document)])
    set_line(world, line_of(deps, made), replaces_id=old.id)
    for origin in (FILED, Origin(Source.SPREADSHEET, world.city, in_force=True)):
        assert results(taken(deps, [filed.line(document)], origin)) == [Result.UNCHANGED]
    line = line_of(deps, made)
    assert (line.state, line.approved_at, line.replaces_id) == (LineState.SUBMITTED, None, old.id)
    set_line(world, line, replaces_id=None)
    assert results(taken(deps, [filed.line(document)], FILED)) == [Result.CHANGED]
    assert line_of(deps, made).state is LineState.IN_FORCE


@pytest.mark.parametrize(("begins", "state"), [(0, LineState.IN_FORCE), (1, LineState.SUBMITTED)])
def test_a_line_before_the_entry_that_names_its_person_waits(
    deps: Deps, filed: Filed, begins: int, state: LineState
) -> None:
    document = registered(deps)
    taken(deps, [filed.entry(document, starts_on=BEGUN + timedelta(days=begins))])
    [made] = taken(deps, [filed.line(document)], FILED)
    line = line_of(deps, made)
    assert (line.state, line.match, line.starts_on) == (state, Match.MATCHED, BEGUN)


@pytest.mark.parametrize(("own", "state"), [(True, LineState.IN_FORCE), (False, LineState.SUBMITTED)])
def test_a_list_that_names_somebody_of_another_unit_does_not_name_him(
    world: World, deps: Deps, filed: Filed, own: bool, state: LineState
) -> None:
    [person] = taken(deps, [PersonRecord(document := somebody())])
    assert person.id
    unit_id = unit_of(world, filed.site.construction) if own else world.unit()
    world.listed(filed.site.project_id, person.id, unit_id=unit_id)
    [made] = taken(deps, [filed.line(document)], FILED)
    assert line_of(deps, made).state is state
    against = roster_match.read_standing(made.id, actor=world.city, deps=deps)
    # What is in force against its list is found; so the two never say otherwise of one line.
    set_line(world, line_of(deps, made), state=LineState.IN_FORCE)
    crosscheck_night.run_all(deps=deps)
    assert (against.match is Match.MATCHED, "filing_mismatch" in told(world, filed.site)) == (own, not own)


def test_a_list_whose_last_entry_ended_still_binds(world: World, deps: Deps, filed: Filed) -> None:
    taken(deps, [filed.entry(ends_on=date(2026, 2, 28))])
    [made] = taken(deps, [filed.line(registered(deps))], FILED)
    line = line_of(deps, made)
    assert (line.state, line.match) == (LineState.SUBMITTED, Match.MISMATCHED)
    assert roster_match.read_standing(line.id, actor=world.city, deps=deps).match is Match.MISMATCHED


def test_a_rule_to_come_says_which_list_binds_a_line_to_come(deps: Deps, filed: Filed) -> None:
    document = registered(deps)
    taken(deps, [filed.entry(document, basis=Basis.CONTRACT), filed.entry()])
    with deps.database.begin() as work:
        old = work.session.scalars(select(PostRuleRow).where(PostRuleRow.post_code == "project_manager")).one()
        values = {"post_code": "project_manager", "rule_version": "test", "effective_from": LATER, "category": 1}
        work.add(PostRuleRow(**values, body={**old.body, "binding": "contract"}))
    [later] = taken(deps, [filed.line(document, starts_on=LATER)], FILED)
    [before] = taken(deps, [filed.line(document, ends_on=LATER - timedelta(days=1))], FILED)
    assert [line_of(deps, each).match for each in (before, later)] == [Match.MISMATCHED, Match.MATCHED]


def test_the_same_spreadsheet_finds_the_line_that_its_list_let_begin_later(
    world: World, deps: Deps, filed: Filed
) -> None:
    document = registered(deps)
    taken(deps, [filed.entry()])
    [made] = taken(deps, [filed.line(document)])
    line = line_of(deps, made)
    roster.act_on_line(line.id, LineAct.APPROVE, line.version, actor=world.city, deps=deps)
    taken(deps, [filed.entry(document, starts_on=date(2026, 2, 20))])
    roster_match.lists_changed(filed.site.project_id, deps=deps)
    assert (line_of(deps, made).state, line_of(deps, made).starts_on) == (LineState.IN_FORCE, date(2026, 2, 20))
    answers = taken(deps, [filed.line(document)])
    assert [(each.result, each.id) for each in answers] == [(Result.UNCHANGED, made.id)]
    assert results(taken(deps, [filed.line(document, ends_on=ENDED)])) == [Result.CHANGED]
    # One that nobody put off is another line.
    set_line(world, line, starts_on=date(2026, 2, 21))
    assert refusals(taken(deps, [filed.line(document)])) == [("line_overlaps", "starts_on")]


def test_what_a_line_rests_on_is_compared(world: World, deps: Deps, filed: Filed) -> None:
    document = registered(deps)
    clerk = Origin(Source.SPREADSHEET, world.actor(Role.PROJECT_OFFICE, Scope.TEAM, filed.site.construction))
    [made] = taken(deps, [filed.line(document)], clerk)
    by_contract = filed.line(document, basis=Basis.CONTRACT)
    assert results(taken(deps, [by_contract], clerk)) == [Result.CHANGED]
    assert line_of(deps, made).basis is Basis.CONTRACT
    line = line_of(deps, made)
    roster.act_on_line(line.id, LineAct.APPROVE, line.version, actor=world.city, deps=deps)
    assert refusals(taken(deps, [filed.line(document)], clerk)) == [("act_not_allowed", "basis")]
    assert results(taken(deps, [by_contract], clerk)) == [Result.UNCHANGED]
    both = [by_contract, filed.line(document)]
    assert refusals(taken(deps, both, clerk)) == [("repeated_otherwise", "basis")]


def test_a_post_that_an_import_fills_is_not_vacant_any_more_by_day(world: World, deps: Deps, filed: Filed) -> None:
    crosscheck_night.run_all(deps=deps)
    work_off(deps)
    told_before = len(published(deps, Topic.LIST_CHANGED))

    def vacant(*, closed: bool) -> list[str]:
        return [each.key for each in standing(world, filed.site, closed=closed) if each.rule == "post_vacant"]

    assert "project_manager" in vacant(closed=False)
    documents = [registered(deps), registered(deps)]
    other = file(world, world.site(fenced=False))
    taken(deps, [filed.line(documents[0]), filed.line(documents[1], "safety_officer"), other.line(documents[0])], FILED)
    # Once for the project with findings, and not for the one without.
    assert published(deps, Topic.LIST_CHANGED)[told_before:] == [filed.site.project_id]
    work_off(deps)
    assert "project_manager" in vacant(closed=True)
    assert "project_manager" not in vacant(closed=False)


def test_what_is_wrong_with_lines_is_told_row_by_row(deps: Deps, filed: Filed) -> None:
    document = registered(deps)
    taken(deps, [filed.line(document)])
    batch = [
        filed.line(somebody()),
        filed.line(replace(document, name="李四"), "safety_officer"),
        filed.line(document, filing_number="no such"),
        filed.line(document, "no_such_post"),
        filed.line(document, starts_on=LATER),
        filed.line(document, "technical_lead", ends_on=date(2026, 1, 1)),
        filed.line(document, "safety_officer"),
        filed.line(document, "safety_officer", starts_on=LATER, ends_on=ENDED),
    ]
    answers = taken(deps, batch)
    assert refusals(answers) == [
        ("unknown_person", "document.number"),
        ("name_conflict", "document.name"),
        ("unknown_reference", "filing_number"),
        ("unknown_reference", "post_code"),
        ("line_overlaps", "starts_on"),
        ("dates_in_order", "ends_on"),
        ("line_overlaps", "starts_on"),
    ]
    assert answers[6].result is Result.CREATED


def test_a_clerk_proposes_for_his_team_and_changes_nothing_decided(world: World, deps: Deps, filed: Filed) -> None:
    clerk = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, filed.site.construction)
    origin, document = Origin(Source.SPREADSHEET, clerk), registered(deps)
    others = filed.line(document, "chief_engineer")
    assert refusals(taken(deps, [others], origin)) == [("unknown_reference", "filing_number")]
    [made] = taken(deps, [filed.line(document)], origin)
    line = line_of(deps, made)
    roster.act_on_line(line.id, LineAct.APPROVE, line.version, actor=world.city, deps=deps)
    mended = filed.line(document, ends_on=ENDED)
    assert refusals(taken(deps, [mended], origin)) == [("act_not_allowed", "ends_on")]
    assert results(taken(deps, [filed.line(document)], origin)) == [Result.UNCHANGED]
    body = Origin(Source.SPREADSHEET, world.actor(Role.OFFICER, Scope.BODY, filed.site.body))
    assert results(taken(deps, [mended], body)) == [Result.CHANGED]
    line = line_of(deps, made)
    assert line.proposed_by == clerk.account_id
    line = roster.act_on_line(line.id, LineAct.END, line.version, actor=world.city, deps=deps, ends_on=ENDED)
    assert refusals(taken(deps, [filed.line(document, starts_on=ENDED)], body)) == [("line_overlaps", "starts_on")]


def test_only_lines_of_people_who_checked_in_are_looked_at_again(world: World, deps: Deps, filed: Filed) -> None:
    documents = [registered(deps), registered(deps)]
    ids = [each.id for each in taken(deps, [PersonRecord(each) for each in documents])]
    assert ids[0]
    world.punch(filed.site, world.key_person(ids[0]))
    made = taken(deps, [filed.line(each) for each in documents], FILED)
    assert published(deps, Topic.ROSTER_LINE_CHANGED) == [made[0].id]


def test_two_callers_at_once_make_each_entry_and_line_once(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    filed = file(world, world.site(fenced=False))
    documents = [somebody() for _ in range(30)]

    def load(batch: Sequence[Record], ready: Barrier) -> list[Result]:
        ready.wait(timeout=10)
        return results(taken(meeting_deps, batch, FILED))

    for records in ([filed.entry(each) for each in documents], [filed.line(each) for each in documents]):
        ready = Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            forward, backward = pool.submit(load, records, ready), pool.submit(load, records[::-1], ready)
            pairs = zip(forward.result(timeout=60), backward.result(timeout=60)[::-1], strict=True)
        assert {frozenset(pair) for pair in pairs} == {frozenset({Result.CREATED, Result.UNCHANGED})}
    with meeting_deps.database.begin() as work:
        for model in (Person, ListEntry, RosterLine):
            assert work.session.scalar(select(func.count()).select_from(model)) == 30


def test_whoever_takes_lines_waits_for_their_list_before_he_locks_them(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    filed, document = file(world, world.site(fenced=False)), registered(meeting_deps)
    taken(meeting_deps, [filed.line(document)])
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor(1) as pool:
        # As where a list has changed: its name first, then the lines.
        with meeting_deps.database.begin() as work:
            hold(work, roster_match.LISTS, filed.site.project_id)
            going = pool.submit(taken, meeting_deps, [filed.line(document)], FILED)
            while not going.done() and not work.session.scalar(waiting):
                pass
            assert not going.done()
            assert work.session.scalars(select(RosterLine.id).with_for_update(nowait=True)).one()
        assert results(going.result(timeout=60)) == [Result.CHANGED]


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(meeting_deps: Deps) -> None:
    world, counts = World(meeting_deps), []
    for size in (10, 500):
        filed = file(world, world.site(fenced=False))
        documents = [somebody() for _ in range(size)]
        counted = []
        for origin in (SHEET, FILED):
            for records in ([filed.entry(each) for each in documents], [filed.line(each) for each in documents]):
                with statements(meeting_deps) as sent:
                    taken(meeting_deps, records, origin)
                counted.append(len(sent))
        counts.append(counted)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 15
