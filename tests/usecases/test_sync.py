"""Synchronisation over real HTTP: kept a page at a time, resumed, refused by record, and never in anybody's way."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Event
from time import sleep
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from tenacity import wait_none

from jobs.local.plan import RECORDS
from service.connectors import http_source
from service.connectors.batch import BatchSource
from service.connectors.fakes.registry import Shelf
from service.connectors.http_source import HttpSource
from service.demo_district import fill
from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.calendar import business_day
from service.domain.exchange import Peer, RunState, Trigger
from service.domain.records import CertificateRecord, Document
from service.domain.roster import Basis
from service.domain.sources import Source
from service.domain.topics import Topic
from service.errors import ServiceError
from service.settings import Settings
from service.store.locks import alone, hold
from service.store.models import (
    Certificate,
    Filing,
    KeyMapping,
    ListEntry,
    Outbox,
    Person,
    Project,
    SupervisingBody,
    SyncIssue,
    SyncRun,
)
from service.store.queries.certificates import status_on
from service.usecases import pushes, registers, sync, sync_night
from service.usecases.dispatch import dispatch
from service.usecases.key_mappings import KEY_MAPPINGS, MappedWords
from service.usecases.sync_night import ask, begin_sync
from tests.bulk import taken
from tests.contract.test_filing import write
from tests.factories import World
from tests.fakes import SetClock
from tests.sources import TOKEN, certificate, certificate_fake, document, filing, filing_fake, person, serving

FILING, REGISTRY = Peer.FILING_SYSTEM, Peer.CERTIFICATE_REGISTRY


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "wait_random_exponential", lambda **_: wait_none())


@pytest.fixture
def filings() -> Iterator[tuple[HttpSource, Shelf]]:
    with serving(filing_fake()) as (url, shelf):
        source = HttpSource(url, TOKEN, "/v1/filings")
        yield source, shelf
        source.close()


@pytest.fixture
def certificates() -> Iterator[tuple[HttpSource, Shelf]]:
    with serving(certificate_fake()) as (url, shelf):
        source = HttpSource(url, TOKEN, "/v1/certificates")
        yield source, shelf
        source.close()


@pytest.fixture
def connected(deps: Deps, filings: tuple[HttpSource, Shelf], certificates: tuple[HttpSource, Shelf]) -> Deps:
    return replace(deps, filing=filings[0], certificates=certificates[0])


@pytest.fixture
def system(filings: tuple[HttpSource, Shelf]) -> Shelf:
    return filings[1]


@pytest.fixture
def registry(certificates: tuple[HttpSource, Shelf]) -> Shelf:
    return certificates[1]


@pytest.fixture
def town(connected: Deps) -> World:
    return World(connected)


@pytest.fixture
def body(town: World) -> str:
    """The code of a supervising body."""
    body_id = town.body()
    with town.deps.database.begin() as work:
        return work.session.get_one(SupervisingBody, body_id).code


def synced(world: World, peer: Peer = FILING, deps: Deps | None = None) -> SyncRun:
    """A run on demand, worked off; as it ended."""
    live = deps or world.deps
    row = ask(peer, actor=world.city, deps=live)
    sync.run(row.id, deps=live)
    return seen(live, row.id)


def seen(deps: Deps, run_id: UUID) -> SyncRun:
    with deps.database.begin() as work:
        return work.session.get_one(SyncRun, run_id, populate_existing=True)


def issues(deps: Deps, run_id: UUID) -> list[tuple[str, str | None, str]]:
    statement = select(SyncIssue).where(SyncIssue.run_id == run_id).order_by(SyncIssue.id)
    with deps.database.begin() as work:
        return [(row.external_key, row.field, row.code) for row in work.session.scalars(statement)]


def rows(deps: Deps, model: Any) -> list[Any]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(model).order_by(model.id)))


def statuses(deps: Deps) -> list[tuple[str, str]]:
    """Of every certificate its type and its status today."""
    today = status_on(business_day(deps.clock.now()))
    with deps.database.begin() as work:
        return [
            (code, str(status))
            for code, status in work.session.execute(
                select(Certificate.type_code, today).order_by(Certificate.type_code)
            )
        ]


def map_word(world: World, thing: str, word: str, code: str, peer: Peer = FILING) -> KeyMapping:
    values = {"peer": peer, "thing": thing, "external_key": word, "internal_key": code}
    return registers.create(KEY_MAPPINGS, values, actor=world.city, deps=world.deps)


def test_filings_come_with_their_projects_and_the_people_they_name(town: World, body: str, system: Shelf) -> None:
    system.put([filing("F-1", body, (person(1), person(2, "周安全", post="safety_officer")), section_group="G")])
    row = synced(town)
    assert (row.state, row.counts, row.failure) == (RunState.DONE, {"created": 1}, None)
    (kept,) = rows(town.deps, Filing)
    assert (kept.number, kept.section_group, kept.source) == ("N-F-1", "G", Source.FILING_SYSTEM)
    assert {(each.post_code, each.basis) for each in rows(town.deps, ListEntry)} == {
        ("project_manager", Basis.FILING), ("safety_officer", Basis.FILING)
    }  # fmt: skip
    assert [each.source for each in rows(town.deps, Person)] == [Source.FILING_SYSTEM] * 2
    mapped = [(each.external_key, each.internal_key) for each in rows(town.deps, KeyMapping)]
    assert mapped == [("F-1", str(kept.id))]
    assert row.answer_sha256 is not None
    assert row.answered_at == town.deps.clock.now()


def test_only_what_changed_is_asked_for_and_the_rest_is_confirmed(
    town: World, body: str, system: Shelf, clock: SetClock
) -> None:
    system.put([filing("F-1", body), filing("F-2", body)])
    first = synced(town)
    clock.pass_(days=1)
    system.put([filing("F-2", body, section="二标段")])
    second = synced(town)
    assert (first.counts, second.counts) == ({"created": 2}, {"changed": 1})
    assert {each.checked_at for each in rows(town.deps, Filing)} == {clock.now()}
    third = synced(town)
    assert (third.state, third.counts) == (RunState.DONE, {})


def test_a_person_who_is_named_no_longer_ends_and_one_of_a_refused_filing_stays(
    town: World, body: str, system: Shelf
) -> None:
    two = (person(1), person(2, "周安全", post="safety_officer"))
    system.put([filing("F-1", body, two), filing("F-2", body, two)])
    synced(town)
    wrong = {**person(3, "郑经理"), "post": "nobody"}
    system.put([filing("F-1", body, two[:1]), filing("F-2", body, (two[0], wrong))])
    row = synced(town)
    assert row.counts["refused"] == 1
    entries = rows(town.deps, ListEntry)
    ids = {each.number: each.id for each in rows(town.deps, Filing)}
    over = [(each.filing_id, each.post_code) for each in entries if each.ends_on is not None]
    assert over == [(ids["N-F-1"], "safety_officer")]


def test_an_unmapped_word_refuses_the_record_until_it_is_mapped(town: World, body: str, system: Shelf) -> None:
    system.put([filing("F-1", "浦东站"), filing("F-2", body)])
    first = synced(town)
    assert (first.state, first.counts) == (RunState.DONE, {"created": 1, "refused": 1})
    assert issues(town.deps, first.id) == [("F-1", "project.body", "unmapped")]
    again = synced(town)
    assert (again.counts, issues(town.deps, again.id)) == ({"refused": 1}, issues(town.deps, first.id))
    mapping = map_word(town, "body", "浦东站", body)
    last = synced(town)
    assert (last.counts, issues(town.deps, last.id)) == ({"created": 1}, [])
    with town.deps.database.begin() as work:
        unsettled = select(func.count()).select_from(SyncIssue).where(SyncIssue.settled_at.is_(None))
        assert work.session.scalar(unsettled) == 0
        used = work.session.get_one(KeyMapping, mapping.id, populate_existing=True).used_at
    assert used == town.deps.clock.now()
    assert synced(town).counts == {}


def test_files_are_asked_again_for_what_was_refused_too(town: World, body: str, tmp_path: Path) -> None:
    files = replace(town.deps, filing=BatchSource(tmp_path))
    write(tmp_path, "1.jsonl", filing("F-1", "浦东站"), "{broken", filing("F-2", body))
    first = synced(town, deps=files)
    assert (first.cursor, first.counts) == ("1.jsonl:3", {"created": 1, "refused": 2})
    map_word(town, "body", "浦东站", body)
    assert synced(town, deps=files).counts == {"created": 1}


def test_a_record_the_peer_has_no_longer_is_not_asked_for_for_ever(town: World, system: Shelf) -> None:
    system.put([filing("F-1", "浦东站")])
    synced(town)
    system.entries.clear()
    synced(town)
    assert all(each.settled_at for each in rows(town.deps, SyncIssue))


@pytest.mark.parametrize(
    ("thing", "code", "problem"),
    [
        ("body", "nobody", "unknown_reference"),
        ("filing", "x", "kept_by_runs"),
        ("unit_role", "king", "unknown_reference"),
    ],
)
def test_a_mapping_leads_to_a_code_of_ours(town: World, thing: str, code: str, problem: str) -> None:
    with pytest.raises(ServiceError, match=problem):
        map_word(town, thing, "词", code)


def test_certificates_come_to_the_people_they_belong_to(town: World, registry: Shelf) -> None:
    holder = town.person("陈立项")
    known = document_of(town, holder)
    suspended = certificate("C-2", known, type="safety_b", number="B2", status="suspended", status_from="2026-02-02")
    registry.put([certificate("C-1", known), suspended, certificate("C-3", document(999, "无名"))])
    row = synced(town, REGISTRY)
    assert row.counts == {"created": 2, "refused": 1}
    assert issues(town.deps, row.id) == [("C-3", "document.number", "unknown_person")]
    assert statuses(town.deps) == [("constructor_1", "valid"), ("safety_b", "suspended")]


def document_of(world: World, row: Person) -> dict[str, Any]:
    number = world.deps.vault.open(f"document:{row.document_hash.hex()}", row.document_sealed).decode()
    return {"kind": "resident_id", "number": number, "name": row.name}


def test_another_name_for_a_document_is_a_conflict_and_writes_nothing(town: World, registry: Shelf) -> None:
    holder = town.person("陈立项")
    registry.put([certificate("C-1", {**document_of(town, holder), "name": "陈大项"})])
    row = synced(town, REGISTRY)
    ((key, field, code),) = issues(town.deps, row.id)
    assert (key, field, code) == ("C-1", "document.name", "name_conflict")
    assert rows(town.deps, Certificate) == []
    (issue,) = rows(town.deps, SyncIssue)
    assert "陈" not in str(issue.data)


def test_issues_hold_no_personal_data(town: World, body: str, system: Shelf) -> None:
    wrong = person(7, "孙某某")
    wrong["document"]["number"] = wrong["document"]["number"][:-1] + "Y"
    system.put([filing("F-1", body, (wrong,))])
    synced(town)
    told = str([vars(row) for row in rows(town.deps, SyncIssue)])
    assert "孙某某" not in told
    assert "31999919" not in told


@pytest.mark.parametrize("fault", ["error", "malformed", "wrong_type", "too_many", "huge", "repeating", "refusing"])
def test_a_peer_that_fails_fails_its_run_by_code_and_what_it_confirmed_stays_old(
    town: World, body: str, system: Shelf, clock: SetClock, fault: str
) -> None:
    system.put([filing("F-1", body)])
    synced(town)
    before = clock.now()
    clock.pass_(days=1)
    system.put([filing("F-2", body)])
    system.fault = fault
    row = synced(town)
    assert row.state is RunState.FAILED
    assert row.failure is not None
    assert row.failure.startswith("source_")
    assert {each.checked_at for each in rows(town.deps, Filing) if each.number == "N-F-1"} == {before}
    system.fault = None
    assert synced(town).state is RunState.DONE


def test_a_peer_that_is_not_connected_is_told_so(world: World) -> None:
    with pytest.raises(ServiceError, match="source_not_connected"):
        ask(FILING, actor=world.city, deps=world.deps)
    begin_sync(deps=world.deps)
    assert rows(world.deps, SyncRun) == []


class Dying:
    """A source whose process dies before a page."""

    def __init__(self, source: HttpSource, after: int) -> None:
        self._source, self._left = source, after

    def changes(self, after: str | None) -> Iterator[Any]:
        for page in self._source.changes(after):
            if not self._left:
                raise SystemExit
            self._left -= 1
            yield page

    def again(self, keys: Any) -> Iterator[Any]:
        return self._source.again(keys)

    def close(self) -> None:
        self._source.close()


def test_a_run_that_is_killed_goes_on_after_its_last_page(
    town: World, body: str, filings: tuple[HttpSource, Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "LIMIT", 2)
    source, system = filings
    system.put([filing(f"F-{number}", body) for number in range(6)])
    dying = replace(town.deps, filing=Dying(source, after=2))
    row = ask(FILING, actor=town.city, deps=town.deps)
    with pytest.raises(SystemExit):
        sync.run(row.id, deps=dying)
    killed = seen(town.deps, row.id)
    assert (killed.state, killed.cursor, killed.counts) == (RunState.RUNNING, "4", {"created": 4})
    system.asked.clear()
    sync.run(row.id, deps=town.deps)
    ended = seen(town.deps, row.id)
    assert (ended.state, ended.counts) == (RunState.DONE, {"created": 6})
    assert system.asked == ["list"]


def test_a_run_that_was_left_is_handed_out_again_by_the_tick(town: World, system: Shelf, body: str) -> None:
    system.put([filing("F-1", body)])
    row = ask(FILING, actor=town.city, deps=town.deps)
    with town.deps.database.begin() as work:
        for fact in work.session.scalars(select(Outbox)):
            fact.done_at = work.clock.real()
    begin_sync(deps=town.deps)
    dispatch(deps=town.deps)
    town.deps.queue.work_off(town.deps)
    assert seen(town.deps, row.id).state is RunState.DONE


def test_a_long_run_lets_others_go_first(
    town: World, body: str, system: Shelf, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "LIMIT", 1)
    system.put([filing(f"F-{number}", body) for number in range(3)])
    row = ask(FILING, actor=town.city, deps=town.deps)
    sync.run(row.id, deps=town.deps, within=timedelta(), watch=None)
    assert (seen(town.deps, row.id).state, seen(town.deps, row.id).cursor) == (RunState.RUNNING, "1")
    clock.pass_(seconds=1)
    for _ in range(3):
        dispatch(deps=town.deps)
        town.deps.queue.work_off(town.deps)
    assert seen(town.deps, row.id).counts == {"created": 3}


def test_of_two_runs_of_a_peer_one_is_refused_and_both_peers_may_run(town: World) -> None:
    row = ask(FILING, actor=town.city, deps=town.deps)
    with pytest.raises(ServiceError, match="sync_running"):
        ask(FILING, actor=town.city, deps=town.deps)
    ask(REGISTRY, actor=town.city, deps=town.deps)
    assert sync_night.ask_here(FILING, deps=town.deps) == row.id


def test_two_processes_do_not_work_on_one_run(meeting_deps: Deps, filings: tuple[HttpSource, Shelf]) -> None:
    live = replace(meeting_deps, filing=filings[0])
    town = World(live)
    row = ask(FILING, actor=town.city, deps=live)
    with alone(live.database, "sync", FILING) as mine:
        assert mine
        sync.run(row.id, deps=live)
        assert seen(live, row.id).state is RunState.WAITING
    sync.run(row.id, deps=live)
    assert seen(live, row.id).state is RunState.DONE


def test_a_night_begins_once_for_each_peer_and_again_after_it_failed(
    town: World, system: Shelf, clock: SetClock
) -> None:
    system.fault = "error"
    begin_sync(deps=town.deps)
    assert rows(town.deps, SyncRun) == []
    town.body()
    for _ in range(2):
        begin_sync(deps=town.deps)
    dispatch(deps=town.deps)
    town.deps.queue.work_off(town.deps)
    runs = {row.peer: row for row in rows(town.deps, SyncRun)}
    assert {peer: (row.state, row.trigger) for peer, row in runs.items()} == {
        FILING: (RunState.FAILED, Trigger.NIGHT), REGISTRY: (RunState.DONE, Trigger.NIGHT)
    }  # fmt: skip
    system.fault = None
    for minutes, state in ((29, RunState.FAILED), (1, RunState.DONE)):
        clock.pass_(minutes=minutes)
        begin_sync(deps=town.deps)
        dispatch(deps=town.deps)
        town.deps.queue.work_off(town.deps)
        assert seen(town.deps, runs[FILING].id).state is state
    clock.pass_(days=1)
    begin_sync(deps=town.deps)
    assert len(rows(town.deps, SyncRun)) == 4


def test_what_is_pushed_twice_is_there_once(town: World, body: str) -> None:
    items = [filing("F-1", body, (person(1),)), filing("F-2", "浦东站"), 7]
    for results in (["created", "refused", "refused"], ["unchanged", "refused", "refused"]):
        row, outcomes = pushes.push(FILING, items, actor=pusher(town), deps=town.deps)
        assert [str(each.result) for each in outcomes] == results
        assert (row.trigger, row.state) == (Trigger.PUSH, RunState.DONE)
        assert {key for key, _, _ in issues(town.deps, row.id)} == {"F-2", ""}
    assert len(rows(town.deps, Project)) == 1
    assert [each.settled_at is None for each in rows(town.deps, SyncIssue) if each.external_key == "F-2"] == [
        False,
        True,
    ]


def pusher(world: World) -> Any:
    return world.actor(Role.INTEGRATION, Scope.CITY)


def test_of_a_key_the_newest_record_counts_whenever_it_comes(town: World, body: str) -> None:
    old, new, newest = (
        filing("F-1", body, (person(each),), section=str(each), changed_at=f"2026-03-0{each}T00:00:00Z")
        for each in (1, 2, 3)
    )
    for items, results, section in (
        ([new, old], ["created", "refused"], "2"),
        ([old], ["refused"], "2"),
        ([new], ["unchanged"], "2"),
        ([old, newest], ["refused", "created"], "3"),
    ):
        row, outcomes = pushes.push(FILING, items, actor=pusher(town), deps=town.deps)
        assert [str(each.result) for each in outcomes] == results
        assert {code for _, _, code in issues(town.deps, row.id)} <= {"older_than_known"}
        assert [each.section for each in rows(town.deps, Filing)] == [section]
    # Nobody needs to tell again what is known better.
    assert all(each.settled_at for each in rows(town.deps, SyncIssue))


def test_a_filing_whose_number_was_put_right_stays_itself(town: World, body: str, system: Shelf) -> None:
    system.put([filing("F-1", body, (person(1),), number="OLD")])
    synced(town)
    system.put([filing("F-1", body, (person(2, "周安全"),), number="NEW")])
    assert synced(town).counts == {"created": 1}
    assert [each.number for each in rows(town.deps, Filing)] == ["NEW"]
    assert [each.ends_on is None for each in rows(town.deps, ListEntry)] == [False, True]


def test_a_certificate_whose_number_was_put_right_stays_itself_unless_it_changed_hands(
    town: World, registry: Shelf
) -> None:
    known, other = (document_of(town, town.person(name)) for name in ("陈立项", "周安全"))
    for holder, number, numbers in ((known, "沪1", ["沪1"]), (known, "沪2", ["沪2"]), (other, "沪3", ["沪2", "沪3"])):
        registry.put([certificate("C-1", holder, number=number)])
        last = synced(town, REGISTRY)
        assert [each.number for each in rows(town.deps, Certificate)] == numbers
    assert issues(town.deps, last.id) == [("C-1", "number", "key_moved")]


def test_what_a_key_meant_before_is_not_confirmed_any_more(
    town: World, body: str, system: Shelf, clock: SetClock
) -> None:
    system.put([filing("F-1", body, (person(1),), number="ONE"), filing("F-2", body, number="TWO")])
    synced(town)
    before = clock.now()
    clock.pass_(days=1)
    system.put([filing("F-1", body, (), number="TWO")])
    with system.lock:
        system.entries.pop("F-2")
    row = synced(town)
    assert issues(town.deps, row.id) == [("F-1", "number", "key_moved")]
    clock.pass_(days=1)
    synced(town)
    checked = {each.number: each.checked_at for each in rows(town.deps, Filing)}
    assert checked == {"ONE": before, "TWO": clock.now()}
    assert [each.checked_at for each in rows(town.deps, ListEntry)] == [before]


@pytest.mark.parametrize("told_again", [False, True])
def test_whom_another_filing_of_the_project_names_stays(
    town: World, body: str, system: Shelf, *, told_again: bool
) -> None:
    shared = {"name": "同名项目"}
    both = [filing(key, body, (person(1),), project=shared) for key in ("F-1", "F-2")]
    system.put(both)
    synced(town)
    system.put([filing("F-1", body, (), project=shared), *both[1:]][: 1 + told_again])
    synced(town)
    ((entry,), (_, second)) = rows(town.deps, ListEntry), rows(town.deps, Filing)
    assert (entry.ends_on, entry.filing_id) == (None, second.id)
    system.put([filing("F-2", body, (), project=shared)])
    synced(town)
    assert [each.ends_on for each in rows(town.deps, ListEntry)] == [date(2026, 3, 1)]


def test_an_entry_is_confirmed_by_the_filings_that_name_him_wherever_somebody_put_it(
    town: World, body: str, system: Shelf, clock: SetClock
) -> None:
    shared = {"name": "同名项目"}
    system.put([filing("F-1", body, (person(1),), project=shared), filing("F-2", body, project=shared)])
    synced(town)
    before, (one, two) = clock.now(), rows(town.deps, Filing)
    with town.deps.database.begin() as work:
        work.session.execute(update(ListEntry).values(filing_id=two.id))
    clock.pass_(days=1)
    # The filing that names him is refused: nobody has said today that he is on the list.
    system.put([filing("F-1", "nowhere", (person(1),), project=shared)])
    synced(town)
    assert {row.id: row.checked_at for row in rows(town.deps, Filing)} == {one.id: before, two.id: clock.now()}
    assert [each.checked_at for each in rows(town.deps, ListEntry)] == [before]
    system.put([filing("F-1", body, (person(1),), project=shared), filing("F-2", "nowhere", project=shared)])
    synced(town)
    assert [each.checked_at for each in rows(town.deps, ListEntry)] == [clock.now()]


def test_the_end_of_a_run_waits_for_a_push_before_it_has_a_row_the_push_needs(
    meeting_deps: Deps, filings: tuple[HttpSource, Shelf]
) -> None:
    live = replace(meeting_deps, filing=filings[0])
    world = World(live)
    body_id = world.body()
    with live.database.begin() as work:
        code = work.session.get_one(SupervisingBody, body_id).code
    filings[1].put([filing("F-1", code), filing("F-2", code)])
    row, locked = ask(FILING, actor=world.city, deps=live), Event()
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def push() -> None:
        with live.database.begin() as work:
            hold(work, "records", FILING)
            work.session.execute(update(Filing).where(Filing.number == "N-F-2").values(section="二"))
            locked.set()
            for _ in range(1000):
                if work.session.scalar(waiting):
                    break
                sleep(0.01)
            work.session.execute(update(Filing).where(Filing.number == "N-F-1").values(section="一"))

    with ThreadPoolExecutor(1) as pool:
        pushed: list[Future[None]] = []

        def watch(kept: SyncRun) -> None:
            if kept.counts and not pushed:
                pushed.append(pool.submit(push))
                locked.wait(timeout=10)

        sync.run(row.id, deps=live, watch=watch)
        pushed[0].result(timeout=10)
    assert seen(live, row.id).state is RunState.DONE
    assert [each.section for each in rows(live, Filing)] == ["一", "二"]


def test_a_first_day_put_right_ends_the_entry_that_had_the_other(town: World, body: str, system: Shelf) -> None:
    for begins in ("2026-01-05", "2026-02-01"):
        system.put([filing("F-1", body, (person(1, **{"from": begins}),))])
        synced(town)
    spans = [(each.starts_on, each.ends_on) for each in rows(town.deps, ListEntry)]
    assert spans == [(date(2026, 1, 5), date(2026, 1, 31)), (date(2026, 2, 1), None)]


def test_a_project_follows_its_first_filing(town: World, body: str, system: Shelf) -> None:
    one = filing("F-1", body, project={"name": "同名项目", "address": "一号", "area_m2": None})
    two = filing("F-2", body, project={"name": "同名项目", "address": "二号", "state": "stopped"}, section="二")
    for items in ([one], [two], [one, two]):
        system.put(items)
        assert "refused" not in synced(town).counts
    assert synced(town).counts == {}
    ((project,), (_, second)) = rows(town.deps, Project), rows(town.deps, Filing)
    assert (project.address, project.area_m2, second.section) == ("一号", 12000.5, "二")
    assert [str(each.state) for each in project.states] == ["active"]


def test_a_run_with_many_keys_to_ask_for_comes_on_in_each_slice(
    town: World, body: str, system: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "KEYS", 1)
    system.put([filing(f"F-{number}", "nowhere") for number in range(3)])
    synced(town)
    with system.lock:
        system.entries.clear()
    system.put([filing("F-9", body)])
    row = ask(FILING, actor=town.city, deps=town.deps)
    # Three keys and a page, each in a slice of its own; in the last one the peer says that there is no more.
    for _ in range(5):
        sync.run(row.id, deps=town.deps, within=timedelta())
    assert (seen(town.deps, row.id).state, seen(town.deps, row.id).counts) == (RunState.DONE, {"created": 1})


def test_a_broken_line_of_a_file_is_refused_and_hinders_no_later_run(town: World, body: str, tmp_path: Path) -> None:
    files = replace(town.deps, filing=BatchSource(tmp_path))
    write(tmp_path, "1.jsonl", '{"key": []}', '{"key": "X", "section": "\\ud800"}', filing("F-1", body))
    assert synced(town, deps=files).counts == {"created": 1, "refused": 2}
    assert synced(town, deps=files).counts == {"refused": 1}


def test_what_a_spreadsheet_or_a_hand_changes_is_no_registrys_word(town: World, registry: Shelf) -> None:
    holder = town.person("陈立项")
    known = document_of(town, holder)
    registry.put([certificate("C-1", known)])
    synced(town, REGISTRY)
    (told,) = rows(town.deps, Certificate)
    whose = Document(known["number"], known["name"])
    taken(town.deps, [CertificateRecord(whose, told.type_code, told.number, told.valid_from, date(2040, 1, 1))])
    (changed,) = rows(town.deps, Certificate)
    assert (changed.source, changed.checked_at) == (Source.SPREADSHEET, None)
    synced(town, REGISTRY)
    assert rows(town.deps, Certificate)[0].checked_at is None


def test_two_who_use_the_same_words_do_not_block_each_other(meeting_deps: Deps) -> None:
    world, ready = World(meeting_deps), Barrier(2)
    words = [f"词{number}" for number in range(40)]
    for word in words:
        map_word(world, "post", word, "project_manager")

    def use(some: list[str]) -> None:
        with meeting_deps.database.begin() as work:
            mapped = MappedWords(work, FILING)
            for word in some:
                mapped("post", word)
            ready.wait(timeout=10)
            mapped.note_used()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(use, words), pool.submit(use, words[::-1])]:
            done.result(timeout=60)


def test_the_registry_is_asked_about_one_person(town: World, registry: Shelf) -> None:
    holder = town.person("陈立项")
    registry.put([certificate("C-1", document_of(town, holder)), certificate("C-2", document(999, "无名"))])
    row = pushes.check_person(holder.id, actor=town.city, deps=town.deps)
    assert (row.trigger, row.counts) == (Trigger.PERSON, {"created": 1})
    (kept,) = rows(town.deps, Certificate)
    assert (kept.person_id, kept.checked_at) == (holder.id, town.deps.clock.now())


def test_an_answer_about_another_person_writes_nothing(town: World, registry: Shelf) -> None:
    holder = town.person("陈立项")
    other = town.person("周安全")
    registry.put([certificate("C-1", document_of(town, holder)), certificate("C-2", document_of(town, other))])
    registry.fault = "another_person"
    with pytest.raises(ServiceError, match="about_another_person"):
        pushes.check_person(holder.id, actor=town.city, deps=town.deps)
    assert rows(town.deps, Certificate) == []
    (row,) = rows(town.deps, SyncRun)
    assert (row.state, row.failure) == (RunState.FAILED, "about_another_person")
    assert issues(town.deps, row.id) == [("", "holder.document.number", "about_another_person")]


def test_a_registry_that_is_down_is_told_and_changes_nothing(town: World, registry: Shelf) -> None:
    holder = town.person("陈立项")
    registry.fault = "error"
    with pytest.raises(ServiceError, match="registry_unavailable"):
        pushes.check_person(holder.id, actor=town.city, deps=town.deps)
    assert rows(town.deps, SyncRun) == []


def test_a_topic_asks_for_a_run(town: World) -> None:
    row = ask(FILING, actor=town.city, deps=town.deps)
    with town.deps.database.begin() as work:
        facts = work.session.scalars(select(Outbox.subject_id).where(Outbox.topic == Topic.SYNC_ASKED)).all()
    assert facts == [row.id]


def test_the_demo_peers_confirm_the_demo_district_and_suspend_one_certificate(
    town: World, system: Shelf, registry: Shelf
) -> None:
    list(fill(town.deps))
    for shelf, name in ((system, "filing"), (registry, "certificates")):
        shelf.put(json.loads((RECORDS / f"demo_{name}.json").read_text(encoding="utf-8")))
    filed, held = synced(town), synced(town, REGISTRY)
    assert (filed.state, filed.counts.get("refused"), len(rows(town.deps, ListEntry))) == (RunState.DONE, None, 4)
    assert [each.checked_at for each in rows(town.deps, Filing)] == [town.deps.clock.now()] * 2
    assert (held.state, held.counts) == (RunState.DONE, {"changed": 1, "unchanged": 3})
    assert [status for _, status in statuses(town.deps) if status != "valid"] == ["suspended"]


def test_an_operator_reads_a_peer_at_the_terminal(
    settings: Settings, empty_database: str, filings: tuple[HttpSource, Shelf]
) -> None:
    filings[1].put([filing("F-1", "浦东站")])
    env = {"DATABASE_URL": empty_database, "REDIS_URL": settings.redis_url, "DAOGANG_ENV": "development"}
    env |= {"DAOGANG_KEYS": f"1={b64encode(settings.keys[1]).decode()}", "DAOGANG_TOKEN_SECRET": settings.token_secret}
    env |= {"WECHAT_APP_ID": "wxtest", "WECHAT_APP_SECRET": "secret", "DAOGANG_PHOTO_DIR": str(settings.photo_dir)}
    env |= {"FILING_URL": str(filings[0]._client.base_url), "FILING_TOKEN": TOKEN}

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "service.cli", "sync", *words]
        return subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, check=False)

    read = typed("filing", "--wait")
    assert read.returncode == 0, read.stderr
    assert "filing_system: 1 refused" in read.stdout
    assert "issues.csv" in read.stdout
    unknown = typed("certificates")
    assert (unknown.returncode, "source_not_connected" in unknown.stderr) == (1, True)
    filings[1].fault = "refusing"
    assert "source_refused_us" in typed("filing", "--wait").stderr
