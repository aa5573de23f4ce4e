"""All tables, so that one import knows the whole schema."""

from service.store.models.account import Account, GrantRow, Invitation
from service.store.models.attendance import AttendanceDay, AttendanceMonth, DayClose
from service.store.models.calendar import CalendarDay
from service.store.models.certificate import Certificate, CertificateStatusRow, CertificateType
from service.store.models.check_in import CheckIn, DecisionRecord
from service.store.models.clock import ClockRow
from service.store.models.enrolment import Enrolment, EnrolmentPhoto, EnrolmentState, TemplateRow
from service.store.models.exchange import CrosscheckNight, KeyMapping, SpreadsheetLoad, SyncIssue, SyncRun
from service.store.models.face import (
    AdaptationRow,
    CaseState,
    Challenge,
    CheckInFace,
    CheckInFrame,
    DuplicateCase,
    FaceNight,
    IdentityCase,
)
from service.store.models.fence import Fence
from service.store.models.finding import Finding
from service.store.models.organisation import SupervisingBody, Unit
from service.store.models.person import Consent, ConsentKind, Employment, Person, RosterLine, RosterScan
from service.store.models.photo import Photo, PhotoKind, PhotoSeen
from service.store.models.project import Filing, ListEntry, Permit, Project, ProjectStateRow, Team, UnitRole
from service.store.models.reference import District, Post, PostRuleRow, Regulation
from service.store.models.stop_work import StopWork
from service.store.models.ticket import Notice, Ticket, TicketEvent
from service.store.models.upkeep import Audit, Heartbeat, Outbox, Policy

__all__ = [
    "Account", "AdaptationRow", "AttendanceDay", "AttendanceMonth", "Audit", "CalendarDay", "CaseState",
    "Certificate", "CertificateStatusRow", "CertificateType", "Challenge", "CheckIn", "CheckInFace",
    "CheckInFrame", "ClockRow", "Consent", "ConsentKind", "CrosscheckNight", "DayClose", "DecisionRecord",
    "District", "DuplicateCase", "Employment", "Enrolment", "EnrolmentPhoto", "EnrolmentState", "FaceNight",
    "Fence", "Filing", "Finding", "GrantRow", "Heartbeat", "IdentityCase", "Invitation", "KeyMapping", "ListEntry",
    "Notice", "Outbox", "Permit", "Person", "Photo", "PhotoKind", "PhotoSeen", "Policy", "Post", "PostRuleRow",
    "Project", "ProjectStateRow", "Regulation", "RosterLine", "RosterScan", "SpreadsheetLoad", "StopWork",
    "SupervisingBody", "SyncIssue", "SyncRun", "Team", "TemplateRow", "Ticket", "TicketEvent", "Unit", "UnitRole",
]  # fmt: skip
