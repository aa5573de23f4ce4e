"""Routes of the inbox."""

from typing import Any
from uuid import UUID

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.paging import split
from service.api.schemas.tickets import InboxOut, InboxQuery, NoticeOut, ReadOut
from service.domain.actors import Permission
from service.texts import text
from service.usecases import inbox

blueprint = Blueprint("inbox", __name__, description="What happened to tickets, told to whom it concerns")


@blueprint.route("/inbox")
@asks(blueprint, Permission.INBOX_READ)
@blueprint.arguments(InboxQuery, location="query")
@blueprint.response(200, InboxOut)
def list_inbox(query: dict[str, Any]) -> Any:
    """List your notices, newest first, and count the unread."""
    window, filters = split(query)
    page, unread = inbox.list_inbox(filters, window, actor=actor(), deps=deps())
    return {"items": [_told(notice) for notice in page.items], "next": page.next, "unread": unread}


@blueprint.route("/inbox/<uuid:notice_id>/read", methods=["POST"])
@asks(blueprint, Permission.INBOX_READ)
@blueprint.response(200, NoticeOut)
def read_notice(notice_id: UUID) -> Any:
    """Mark a notice of yours as read."""
    return _told(inbox.read_notice(notice_id, actor=actor(), deps=deps()))


def _told(notice: Any) -> Any:
    """A notice with its text."""
    notice.text = text(notice.code, notice.data)
    return notice


@blueprint.route("/inbox/read", methods=["POST"])
@asks(blueprint, Permission.INBOX_READ)
@blueprint.response(200, ReadOut)
def read_all() -> Any:
    """Mark all your notices as read."""
    return {"read": inbox.read_all(actor=actor(), deps=deps())}
