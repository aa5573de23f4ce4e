"""Roster lines: proposed by the project office, in force when approved, and what they make of earlier check-ins."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.roster import LineAct, LineState, ReturnReason, after, allowed, overlap
from service.domain.topics import Topic
from service.errors import ServiceError, fault
from service.store.locks import hold
from service.store.models import Post, RosterLine, Team
from service.store.queries.reach import lines_within
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.registers import Register
from service.usecases.replacements import require_replaceable
from service.usecases.roster_match import approve

ROSTER_LINES = Register(
    "roster_line",
    RosterLine,
    RosterLine.id,
    Permission.ROSTER_READ,
    Permission.ROSTER_PROPOSE,
    lines_within,
    {
        "project_id": RosterLine.project_id,
        "team_id": RosterLine.team_id,
        "person_id": RosterLine.person_id,
        "state": RosterLine.state,
        "match": RosterLine.match,
    },
)
#: Held by whoever writes a person's lines, so that two of them never make one seat twice.
PERSON_LINES = "roster_line"

# Who may do which act: proposing belongs to the office, deciding and ending to who approves.
_NEEDED = {
    LineAct.SUBMIT: Permission.ROSTER_PROPOSE,
    LineAct.RETURN: Permission.ROSTER_APPROVE,
    LineAct.APPROVE: Permission.ROSTER_APPROVE,
    LineAct.END: Permission.ROSTER_APPROVE,
}


def propose_line(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> RosterLine:
    """A draft line on a team the actor answers for; the project is the team's, the post must be of the team's kind.

    `line_overlaps` where the person has a line for the same seat on one of its days; several posts and projects are
    kept, and found. With `replaces_id` it is a replacement 变更 (usecases/replacements.py).
    """
    reach = require(actor, Permission.ROSTER_PROPOSE)
    with deps.database.begin(actor.account_id) as work:
        team = work.session.get(Team, values["team_id"])
        if team is None:
            raise fault("unknown_reference", "team_id")
        _require_post_of(work, values["post_code"], team)
        hold(work, PERSON_LINES, values["person_id"])
        line = work.add(RosterLine(**values, project_id=team.project_id, proposed_by=actor.account_id))
        # The line itself must lie within the proposer's reach, or nothing is kept.
        if work.session.scalar(select(RosterLine.id).where(RosterLine.id == line.id, lines_within(reach))) is None:
            raise fault("unknown_reference", "team_id")
        _require_sound(work, line)
        work.audit("roster_line:create", line.id)
        work.publish(Topic.ROSTER_LINE_CHANGED, line.id)
        return line


def change_line(line_id: UUID, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps) -> RosterLine:
    """A draft or returned line with other dates, post or basis; a line somebody decided on is not rewritten."""
    reach = require(actor, Permission.ROSTER_PROPOSE)
    with deps.database.begin(actor.account_id) as work:
        line = found(work, select(RosterLine).where(RosterLine.id == line_id, lines_within(reach)), "roster_line")
        require_version(line.version, version)
        _require_state(line, "change", {LineState.DRAFT, LineState.RETURNED})
        if "post_code" in values:
            _require_post_of(work, values["post_code"], work.session.get_one(Team, line.team_id))
        hold(work, PERSON_LINES, line.person_id)
        for name, value in values.items():
            setattr(line, name, value)
        work.save()
        _require_sound(work, line)
        work.audit("roster_line:change", line.id, fields=sorted(values))
        work.publish(Topic.ROSTER_LINE_CHANGED, line.id)
        return line


def act_on_line(
    line_id: UUID,
    act: LineAct,
    version: int,
    *,
    actor: Actor,
    deps: Deps,
    note: str | None = None,
    reasons: Sequence[ReturnReason] = (),
    ends_on: date | None = None,
) -> RosterLine:
    """The line after an act; 409 with the acts allowed now when the table has no such step.

    An approved line that the list binding its post does not name stays submitted, and waits (usecases/roster_match.py).
    """
    reach = require(actor, _NEEDED[act])
    with deps.database.begin(actor.account_id) as work:
        line = found(work, select(RosterLine).where(RosterLine.id == line_id, lines_within(reach)), "roster_line")
        require_version(line.version, version)
        step = after(line.state, act)
        if step is None:
            raise _not_allowed(line, act)
        if ends_on is not None:
            _require_end(line, ends_on)
        if act is LineAct.APPROVE:
            approve(work, line, actor)
        else:
            _step(line, step, note, reasons, ends_on)
        work.save()
        work.audit(f"roster_line:{act}", line.id, **_told(line, act))
        work.publish(Topic.ROSTER_LINE_CHANGED, line.id)
        return line


def set_consent(line_id: UUID, consent_on: date | None, version: int, *, actor: Actor, deps: Deps) -> RosterLine:
    """A submitted line or one in force with the day of the client's consent to other projects; None withdraws it.

    `own_affair` for the person himself; `in_future` for a day to come, as nobody records what was not written yet.
    """
    reach = require(actor, Permission.ROSTER_APPROVE)
    with deps.database.begin(actor.account_id) as work:
        line = found(work, select(RosterLine).where(RosterLine.id == line_id, lines_within(reach)), "roster_line")
        require_version(line.version, version)
        if line.person_id == actor.person_id:
            raise fault("own_affair")
        _require_state(line, "consent", {LineState.SUBMITTED, LineState.IN_FORCE})
        if consent_on is not None and consent_on > business_day(work.clock.now()):
            raise fault("in_future", "concurrent_consent_on")
        line.concurrent_consent_on = consent_on
        work.save()
        work.audit("roster_line:consent", line.id, consent_on=consent_on and consent_on.isoformat())
        work.publish(Topic.ROSTER_LINE_CHANGED, line.id)
        return line


def take_back(line: RosterLine, reasons: Sequence[ReturnReason], note: str | None = None) -> None:
    """Return a line: whoever approved it approved what it was, so that is gone."""
    line.state, line.note = LineState.RETURNED, note
    line.return_reasons = [*map(str, dict.fromkeys(reasons))]
    line.approved_at = line.approved_by = line.match = None


def _step(
    line: RosterLine, step: LineState, note: str | None, reasons: Sequence[ReturnReason], ends_on: date | None
) -> None:
    if step is LineState.RETURNED:
        take_back(line, reasons, note)
        return
    line.state, line.note, line.return_reasons = step, None, []
    line.ends_on = ends_on or line.ends_on


def _require_state(line: RosterLine, act: str, states: AbstractSet[LineState]) -> None:
    if line.state not in states:
        raise _not_allowed(line, act)


def _not_allowed(line: RosterLine, act: str) -> ServiceError:
    return fault("act_not_allowed", act=str(act), state=str(line.state), allowed=[*map(str, allowed(line.state))])


def _require_end(line: RosterLine, ends_on: date) -> None:
    if ends_on < line.starts_on:
        raise fault("dates_in_order", "ends_on")
    # Whoever ends a line decides that he goes; that he stays longer is proposed and approved like any other seat.
    if line.ends_on is not None and ends_on > line.ends_on:
        raise fault("ends_later", "ends_on", ends_on=line.ends_on.isoformat())


def _told(line: RosterLine, act: LineAct) -> dict[str, object]:
    if act is LineAct.APPROVE:
        return {"match": line.match, "state": line.state, "starts_on": line.starts_on.isoformat()}
    return {"reasons": line.return_reasons} if act is LineAct.RETURN else {}


def _require_post_of(work: Work, post_code: str, team: Team) -> None:
    post = work.session.get(Post, post_code)
    if post is None:
        raise fault("unknown_reference", "post_code")
    if post.team_kind != team.kind:
        raise fault("post_of_other_team", "post_code", post=post.code, team_kind=str(team.kind))


def _require_sound(work: Work, line: RosterLine) -> None:
    seat = select(RosterLine).where(
        RosterLine.person_id == line.person_id,
        RosterLine.team_id == line.team_id,
        RosterLine.post_code == line.post_code,
        RosterLine.id != line.id,
    )
    for other in work.session.scalars(seat.order_by(RosterLine.id)):
        if overlap(line.starts_on, line.ends_on, other.starts_on, other.ends_on):
            raise fault("line_overlaps", "starts_on", line=str(other.id), state=str(other.state))
    if line.replaces_id is not None:
        require_replaceable(work, line)
