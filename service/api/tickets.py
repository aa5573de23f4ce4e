"""Routes of tickets: the list, one with its history, and a route for each act of people."""

from typing import Any
from uuid import UUID

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import page_of, split
from service.api.schemas.tickets import TicketActIn, TicketOut, TicketQuery, TicketRowOut
from service.domain.actors import Permission
from service.domain.tickets import Act
from service.texts import text
from service.texts.words import ACTS
from service.usecases import tickets
from service.usecases.ticket_keeping import running
from service.usecases.tickets import Shown

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("tickets", __name__, description="Findings sent to a team to be put right, until they are")

# What the documentation says of each act beside its name; who may do it and when stands in the ticket's own scenario.
SUMMARIES = {
    Act.ACKNOWLEDGE: "acknowledge a ticket.",
    Act.START: "begin to put it right.",
    Act.SUBMIT: "say in the note what was done; the program looks first, then somebody checks.",
    Act.URGE: "the enterprise urges a ticket that was sent back; a note is needed.",
    Act.PASS: "pass the check; what only data proves not before its findings closed.",
    Act.SEND_BACK: "send it back with the opinion as note; beyond the limit it is transferred.",
    Act.OBSERVE: "let the attendance of the coming due days prove it, once a submission.",
    Act.TRANSFER: "hand a team that refuses over to the body; a note is needed.",
    Act.INTERVIEW: "record that the body called the team in; a note is needed.",
    Act.ORDER_CORRECTION: "record an order to correct; a note is needed.",
    Act.PROPOSE_POINTS: "record that credit points are proposed; a note is needed.",
    Act.REPLY: "answer the body; a note is needed.",
    Act.CLOSE: "close a transferred ticket, once an appeal is answered; a note is needed.",
    Act.WITHDRAW: "withdraw a ticket; a note is needed.",
    Act.APPEAL: "appeal, once at a time; a note is needed. The clocks run on.",
    Act.GRANT_APPEAL: "grant the appeal, which withdraws the ticket; a note is needed.",
    Act.DENY_APPEAL: "deny the appeal; a note is needed.",
}


@blueprint.route("/tickets")
@asks(blueprint, Permission.TICKET_READ)
@blueprint.arguments(TicketQuery, location="query")
@blueprint.response(200, page_of(TicketRowOut))
def list_tickets(query: dict[str, Any]) -> Any:
    """List tickets within reach, newest first."""
    window, filters = split(query)
    page = tickets.list_tickets(filters, window, actor=actor(), deps=deps())
    return {"items": [_dated(row) for row in page.items], "next": page.next}


@blueprint.route("/tickets/<uuid:ticket_id>")
@asks(blueprint, Permission.TICKET_READ)
@blueprint.response(200, TicketOut)
def read_ticket(ticket_id: UUID) -> Answer:
    """Read a ticket with its lines, its history, and what you may do with it now."""
    return _answer(tickets.read_ticket(ticket_id, actor=actor(), deps=deps()))


def _dated(row: Any) -> Any:
    """A ticket's row with its clocks as they are shown."""
    row.deadlines = [running(step) for step in row.steps]
    return row


def _answer(shown: Shown) -> Answer:
    row = _dated(shown.ticket)
    row.findings, row.history, row.allowed = shown.findings, [_cited(event) for event in shown.history], shown.allowed
    return row, 200, etag(row.version)


def _cited(event: Any) -> Any:
    """An event with the texts of the regulations it names."""
    event.regulations = [{"code": code, "text": text(code, {})} for code in event.data.get("regulations", ())]
    return event


def _add_act(act: Act) -> None:
    def view(values: dict[str, Any], ticket_id: UUID) -> Answer:
        note = values.get("note")
        return _answer(tickets.act_on_ticket(ticket_id, act, seen_version(), actor=actor(), deps=deps(), note=note))

    view.__name__, view.__doc__ = f"{act}_ticket", f"{ACTS[act][0]}: {SUMMARIES[act]}"
    answered = blueprint.response(200, TicketOut)(view)
    read = versioned(blueprint)(blueprint.arguments(TicketActIn)(answered))
    asked = asks(blueprint, Permission.TICKET_ACT)(read)
    blueprint.route(f"/tickets/<uuid:ticket_id>/{act}", methods=["POST"])(asked)


for _act in SUMMARIES:
    _add_act(_act)
