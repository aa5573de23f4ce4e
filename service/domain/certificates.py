"""Certificates against what a post asks for: each need comes to exactly one outcome."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from service.errors import Problem

#: Numbers are this long at most, and the patterns they are held against.
NUMBER_LENGTH, PATTERN_LENGTH = 60, 200
# How often a pattern may leave it open how it goes on: with four such places in 60 characters no matching takes longer
# than some hundredths of a second, whatever the number.
_OPEN_PLACES = 4
_ESCAPED_OR_SET = re.compile(r"\\[^1-9]|\[\^?\]?(?:\\.|[^\]\\])*\]")
_NOT_BOUNDED = re.compile(r"\)[*+?{]|\(\?(?!:)|\\")
_OPEN = re.compile(r"[*+?|]|\{\d*,\d*\}")


class CertificateStatus(StrEnum):
    """What its issuer says of a certificate; only a valid one serves."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CertificateKind:
    """A certificate type as rules see it; level 1 is the highest, None where its family has no levels."""

    code: str
    family: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class HeldCertificate:
    """A certificate as rules see it on a day; `valid_until` is its last day, and without one it does not end."""

    id: UUID
    kind: CertificateKind
    number: str
    valid_from: date
    valid_until: date | None = None
    unit_id: UUID | None = None
    specialty: str | None = None
    status: CertificateStatus = CertificateStatus.VALID
    #: When the registry last confirmed it; None: never.
    checked_at: datetime | None = None

    def in_date(self, day: date) -> bool:
        """True from its first day to its last, whatever its status."""
        return self.valid_from <= day <= self.lasts_to

    @property
    def lasts_to(self) -> date:
        """Its last day, or the end of days."""
        return self.valid_until or date.max


class Outcome(StrEnum):
    """What a need comes to; the names are those of the rules that tell it."""

    MET = "met"
    MISSING = "certificate_missing"
    WRONG_TYPE = "certificate_wrong_type"
    WRONG_LEVEL = "certificate_wrong_level"
    EXPIRED = "certificate_expired"
    SUSPENDED = "certificate_suspended"
    OTHER_UNIT = "certificate_other_unit"


@dataclass(frozen=True, slots=True)
class Judged:
    """A need's outcome, what was asked, and the best certificate it rests on, None where there is none."""

    outcome: Outcome
    asked: tuple[str, ...]
    certificate: HeldCertificate | None = None
    #: The last day on which a need that is met stays so without a gap.
    met_to: date = date.max


def pattern_problem(pattern: str, field: str = "number_pattern") -> Problem | None:
    """What is wrong with a pattern of numbers, or None.

    Besides not being a regular expression that is one whose matching could take long: with a repeated group, a look
    around, a reference back, or more than four places (repetitions, alternatives) that leave it open how it goes on.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return Problem("pattern_unreadable", field)
    skeleton = _ESCAPED_OR_SET.sub("x", pattern)
    slow = _NOT_BOUNDED.search(skeleton) or len(_OPEN.findall(skeleton)) > _OPEN_PLACES
    return Problem("pattern_too_open", field) if slow else None


def unusual(number: str, pattern: str | None) -> bool:
    """True for a number that does not look like those of its type: told to whoever reads it, and never refused."""
    return pattern is not None and (len(number) > NUMBER_LENGTH or re.fullmatch(pattern, number) is None)


def lasts_unusually(valid_from: date, valid_until: date | None, months: int | None) -> bool:
    """True for a certificate that ends later than its type's months after its first day, or never: told, not refused.

    One that lasts a day more, from a day of the month to the same, is as some issuers print it.
    """
    if months is None:
        return False
    years, month = divmod(valid_from.month - 1 + months, 12)
    latest = (valid_from.year + years, month + 1, valid_from.day)
    return valid_until is None or (valid_until.year, valid_until.month, valid_until.day) > latest


class Bucket(StrEnum):
    """How soon a certificate ends: within so many days, or it did."""

    EXPIRED = "expired"
    DAYS_30 = "30"
    DAYS_60 = "60"
    DAYS_90 = "90"


#: The last days left of each bucket, the soonest first.
BUCKETS = {Bucket.EXPIRED: -1, Bucket.DAYS_30: 30, Bucket.DAYS_60: 60, Bucket.DAYS_90: 90}
HORIZON = BUCKETS[Bucket.DAYS_90]


def bucket_of(days_left: int) -> Bucket:
    """The bucket of a certificate whose last day is so many days ahead, at most `HORIZON`; today is none left."""
    return next(bucket for bucket, most in BUCKETS.items() if days_left <= most)


def judge_need(
    asked: Sequence[CertificateKind],
    specialties: Sequence[str],
    held: Iterable[HeldCertificate],
    day: date,
    unit_id: UUID | None,
) -> Judged:
    """Whether somebody's certificates meet a need on a day, for a unit (None: whichever it names).

    The kindest outcome wins: valid for this unit, then for another, then suspended, expired, of a lower level, of
    another type of the family, none at all. Without `specialties` any will do.
    """
    certificates = list(held)
    codes = tuple(kind.code for kind in asked)
    fitting = [
        each for each in certificates if each.kind.code in codes and (not specialties or each.specialty in specialties)
    ]
    if not fitting:
        return _of_another_kind(asked, codes, certificates)
    current = [each for each in fitting if each.in_date(day)]
    valid = [each for each in current if each.status is CertificateStatus.VALID]
    ours = [each for each in valid if _serves(each, unit_id)]
    if ours:
        return Judged(Outcome.MET, codes, _best(ours), _without_gap(fitting, ours, unit_id))
    for outcome, some in (
        (Outcome.OTHER_UNIT, valid),
        (Outcome.SUSPENDED, current),
        (Outcome.EXPIRED, fitting),
    ):
        if some:
            return Judged(outcome, codes, _best(some))
    raise AssertionError("a fitting certificate has an outcome")


def _serves(held: HeldCertificate, unit_id: UUID | None) -> bool:
    return unit_id is None or held.unit_id in {None, unit_id}


def _without_gap(fitting: Iterable[HeldCertificate], ours: Sequence[HeldCertificate], unit_id: UUID | None) -> date:
    """How long one certificate after the other serves, beginning with those of today."""
    last = _best(ours).lasts_to
    for each in sorted(fitting, key=lambda each: each.valid_from):
        follows = last < date.max and each.valid_from <= last + timedelta(days=1)
        if follows and each.status is CertificateStatus.VALID and _serves(each, unit_id):
            last = max(last, each.lasts_to)
    return last


def _of_another_kind(
    asked: Sequence[CertificateKind], codes: tuple[str, ...], held: Sequence[HeldCertificate]
) -> Judged:
    families = {kind.family for kind in asked}
    lowest = max((kind.level for kind in asked if kind.level is not None), default=None)
    related = [each for each in held if each.kind.family in families]
    lower = [each for each in related if lowest is not None and (each.kind.level or 0) > lowest]
    if lower:
        return Judged(Outcome.WRONG_LEVEL, codes, _best(lower))
    return Judged(Outcome.WRONG_TYPE, codes, _best(related)) if related else Judged(Outcome.MISSING, codes)


def _best(certificates: Sequence[HeldCertificate]) -> HeldCertificate:
    return max(certificates, key=lambda each: (each.lasts_to, each.number))
