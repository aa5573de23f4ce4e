"""Scans behind roster lines: appointments, contracts and consents as files, sealed like photos.

They are kept as long as the line they are behind, which is kept: what somebody was approved on is asked years later.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, select

from face.errors import Refusal
from face.photo import PhotoLimits, inspect
from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.roster import ScanKind
from service.errors import fault
from service.store.models import Photo, PhotoKind, RosterLine, RosterScan
from service.store.queries.reach import lines_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.intake import keep_file_row, keep_photo, open_photo

MOST_BYTES = 10_000_000
#: A page scanned at 300 dpi has 9 megapixels, and a strip of it may be longer than any photo.
_PICTURE = PhotoLimits(max_bytes=MOST_BYTES, max_ratio=8.0)
_PICTURES = frozenset({"image/jpeg", "image/png"})
_PDF, _PDF_END, _PDF_TAIL = b"%PDF-", b"%%EOF", 2048


def add_scan(line_id: UUID, kind: ScanKind, data: bytes, *, actor: Actor, deps: Deps) -> RosterScan:
    """A scan added to a line the actor proposes for, in whatever state it is; the same file may come twice.

    `not_a_scan` for what is no JPEG, PNG or PDF; the codes of photos for a picture that does not decode.
    """
    reach = require(actor, Permission.ROSTER_PROPOSE)
    with deps.database.begin() as work:
        replaces_id = _line(work, line_id, lines_within(reach)).replaces_id
    media_type = _media_type(data)
    with keep_photo(data, deps) as file_id, deps.database.begin(actor.account_id) as work:
        keep_file_row(work, file_id, PhotoKind.SCAN, data, media_type, deps)
        row = {"line_id": line_id, "kind": kind, "photo_id": file_id, "replaces_id": replaces_id}
        scan = work.add(RosterScan(**row, added_by=actor.account_id))
        work.audit("roster_scan:add", scan.id, line=str(line_id), kind=str(kind))
        return scan


def list_scans(line_id: UUID, *, actor: Actor, deps: Deps) -> list[RosterScan]:
    """The scans of a line within reach, in the order in which they came."""
    reach = require(actor, Permission.ROSTER_READ)
    with deps.database.begin() as work:
        _line(work, line_id, lines_within(reach))
        statement = select(RosterScan).where(RosterScan.line_id == line_id).order_by(RosterScan.id)
        return list(work.session.scalars(statement))


def read_scan(line_id: UUID, scan_id: UUID, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """The bytes of a scan and their media type; looking at it is recorded."""
    reach = require(actor, Permission.ROSTER_READ)
    with deps.database.begin(actor.account_id) as work:
        line = _line(work, line_id, lines_within(reach))
        of_scan = select(RosterScan.photo_id).where(RosterScan.id == scan_id, RosterScan.line_id == line.id)
        photo = found(work, select(Photo).where(Photo.id.in_(of_scan)), "roster_scan")
        work.audit("roster_scan:look", scan_id)
    return open_photo(photo, deps)


def _line(work: Work, line_id: UUID, within: ColumnElement[bool]) -> RosterLine:
    return found(work, select(RosterLine).where(RosterLine.id == line_id, within), "roster_line")


def _media_type(data: bytes) -> str:
    # A PDF is known by how it begins and ends; nobody here renders it, and it is handed out as a file to keep.
    if data.startswith(_PDF) and _PDF_END in data[-_PDF_TAIL:]:
        return "application/pdf"
    seen = inspect(data, _PICTURE)
    if isinstance(seen, Refusal):
        raise fault("not_a_scan", "file") if seen.code == "not_an_image" else fault(seen.code, "file", **seen.data)
    if seen.media_type not in _PICTURES:
        raise fault("not_a_scan", "file")
    return seen.media_type
