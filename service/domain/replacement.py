"""Replacement 变更: whether who comes is qualified no lower than who goes."""

from collections.abc import Sequence
from datetime import date
from math import inf
from uuid import UUID

from service.domain.certificates import CertificateKind, CertificateStatus, HeldCertificate, Outcome, judge_need


def falls_short(
    asked: Sequence[CertificateKind],
    specialties: Sequence[str],
    new: Sequence[HeldCertificate],
    old: Sequence[HeldCertificate],
    day: date,
    unit_id: UUID,
) -> bool:
    """True where the new person holds less towards a need on the day than the old one, by kind or by level.

    Between two who hold nothing of the kind none is lower, and that both lack it is found by other rules.
    """
    families = {kind.family for kind in asked}
    if judge_need(asked, specialties, new, day, unit_id).outcome is Outcome.MET:
        # He is not lower for want of another family that would have met it too, only by a lower level of his own.
        families &= {each.kind.family for each in new}
    return _best_level(new, families, day) > _best_level(old, families, day)


def _best_level(held: Sequence[HeldCertificate], families: set[str], day: date) -> float:
    """The highest level held that day, 1 above 2; families without levels are above all, nothing is below all."""
    serving = (
        each.kind.level or 0
        for each in held
        if each.kind.family in families and each.in_date(day) and each.status is CertificateStatus.VALID
    )
    return min(serving, default=inf)
