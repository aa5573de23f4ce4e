"""Tickets and the inbox: lines, deadlines, history, what may be done now, and notices."""

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.attendance import MonthField
from service.api.schemas.base import Day, Instant, Lines, Out, Strict, choice
from service.api.schemas.findings import FindingOut
from service.api.schemas.problem import TextOut
from service.api.schemas.registers import Stamped
from service.domain.actors import Role
from service.domain.findings.base import FindingKind
from service.domain.sites import TeamKind
from service.domain.tickets import Act, Checker, Clock, Label, Loop, TicketState


class DeadlineOut(Out):
    """A clock that runs: the first instant that is too late; provisional while a day before it is not known yet."""

    clock = choice(Clock)
    since = Instant()
    at = Instant(metadata={"description": "the first instant that is too late"})
    last_day = Day(metadata={"description": "the last day that is in time, in Shanghai"})
    provisional = fields.Boolean()


class TicketRowOut(Stamped):
    """派单 in a list; `created_at` is when it was dispatched."""

    number = fields.Integer(metadata={"description": "for people: in the order of dispatch"})
    project_id = fields.UUID()
    project_name = fields.String()
    team_kind = choice(TeamKind)
    team_id = fields.UUID(allow_none=True)
    unit_id = fields.UUID(allow_none=True)
    copy_team_id = fields.UUID(allow_none=True)
    kind = choice(FindingKind)
    period = MonthField()
    scenario_version = fields.String()
    state = choice(TicketState)
    checker = choice(Checker)
    reworks = fields.Integer()
    appealed = fields.Boolean()
    label = choice(Label, allow_none=True)
    loop = choice(Loop, allow_none=True)
    deadlines = fields.List(fields.Nested(DeadlineOut), metadata={"description": "the earliest first"})
    finished_at = Instant(allow_none=True)


class RegulationOut(Out):
    """A regulation told with a ticket that is sent back."""

    code = fields.String()
    text = fields.Nested(TextOut)


class TicketEventOut(Out):
    """One thing that happened; actor and role are null where the program acted."""

    position = fields.Integer()
    act = fields.String(metadata={"enum": [str(act) for act in Act]})
    from_state = choice(TicketState, allow_none=True)
    to_state = choice(TicketState)
    created_at = Instant()
    actor_id = fields.UUID(allow_none=True)
    role = choice(Role, allow_none=True)
    note = fields.String(allow_none=True)
    data = fields.Dict()
    regulations = fields.List(fields.Nested(RegulationOut))


class TicketOut(TicketRowOut):
    """派单 with its lines, its history (the latest 200 events), and what you may do with it now."""

    findings = fields.List(fields.Nested(FindingOut))
    history = fields.List(fields.Nested(TicketEventOut))
    allowed = fields.List(choice(Act))


class TicketQuery(PageIn):
    """Filters of the list of tickets."""

    project_id = fields.UUID()
    state = choice(TicketState)
    kind = choice(FindingKind)
    team_kind = choice(TeamKind)
    period = MonthField()
    open = fields.Boolean(metadata={"description": "true: those that go on; false: those that ended"})


class TicketActIn(Strict):
    """What is said with an act; who may do without it stands with each."""

    note = Lines(most=2000, allow_none=True)


class NoticeOut(Out):
    """通知."""

    id = fields.UUID()
    ticket_id = fields.UUID()
    code = fields.String()
    data = fields.Dict()
    text = fields.Nested(TextOut)
    created_at = Instant()
    read_at = Instant(allow_none=True)


class InboxQuery(PageIn):
    """Filters of the inbox."""

    unread = fields.Boolean(metadata={"description": "true: what was not read yet; false: what was"})


class InboxOut(Out):
    """A page of notices, and how many are unread in all."""

    items = fields.List(fields.Nested(NoticeOut))
    next = fields.String(allow_none=True)
    unread = fields.Integer()


class ReadOut(Out):
    """How many notices were unread until now."""

    read = fields.Integer()
