"""Records that come by themselves: pushed in by a peer, or told when it was asked about one person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from service.connectors.base import Permanent
from service.connectors.source import Page, SourceDown, document_of, sha256_of
from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.exchange import Peer, RunState, Trigger
from service.domain.identifiers import compact
from service.errors import Problem, fault
from service.store.models import SyncRun
from service.store.work import Work
from service.usecases.access import require
from service.usecases.people import acted_on
from service.usecases.sync_records import Outcome, keep_issues, take_items


def push(peer: Peer, items: Sequence[Any], *, actor: Actor, deps: Deps) -> tuple[SyncRun, list[Outcome]]:
    """What became of each of at most 200 pushed records; the same ones again change nothing."""
    require(actor, Permission.RECORDS_PUSH)
    with deps.database.begin(actor.account_id) as work:
        run = _done(work, peer, Trigger.PUSH, sha256_of(items), actor)
        outcomes = take_items(work, run, items, deps)
        work.audit("sync:push", run.id, peer=str(peer), counts=run.counts)
        return run, outcomes


def check_person(person_id: UUID, *, actor: Actor, deps: Deps) -> SyncRun:
    """The registry's word on a person's certificates, now; an answer about somebody else writes nothing.

    `registry_unavailable` where it does not answer, `about_another_person` where it answers about another.
    """
    registry = deps.certificates
    with deps.database.begin() as work:
        person = acted_on(work, person_id, actor, Permission.CERTIFICATE_WRITE)
        sealed, digest, name = person.document_sealed, person.document_hash, person.name
    if registry is None:
        raise fault("source_not_connected", peer=str(Peer.CERTIFICATE_REGISTRY))
    number = deps.vault.open(f"document:{digest.hex()}", sealed).decode()
    try:
        page = registry.of_person(number, name)
    except (SourceDown, Permanent) as error:
        raise fault("registry_unavailable", failure=error.code) from None
    strangers = [item for item in page.items if compact(document_of(item) or "") not in {number, ""}]
    with deps.database.begin(actor.account_id) as work:
        run = _answered(work, page, strangers, actor, deps)
        work.audit("certificate:check", person_id, run_id=str(run.id), counts=run.counts)
    if strangers:
        raise fault("about_another_person", run_id=str(run.id))
    return run


def _answered(work: Work, page: Page, strangers: Sequence[Any], actor: Actor, deps: Deps) -> SyncRun:
    run = _done(work, Peer.CERTIFICATE_REGISTRY, Trigger.PERSON, page.sha256, actor)
    if not strangers:
        take_items(work, run, page.items, deps)
        return run
    # Of an answer about somebody else nothing is believed, and nothing of it is asked for again.
    problem = Problem("about_another_person", "holder.document.number")
    keep_issues(work, run, [("", problem) for _ in strangers])
    run.state, run.failure = RunState.FAILED, problem.code
    work.save()
    return run


def _done(work: Work, peer: Peer, trigger: Trigger, sha256: str, actor: Actor) -> SyncRun:
    """A run that is over as soon as its transaction is."""
    now = work.clock.now()
    values = {"started_at": now, "ended_at": now, "answered_at": now, "answer_sha256": sha256}
    row = SyncRun(peer=peer, trigger=trigger, state=RunState.DONE, asked_by=actor.account_id, counts={}, **values)
    return work.add(row)
