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
    """True where the new person does not meet a need on the day, and holds less towards it than the old one.

    Somebody who meets the need never falls short, however high the other stands; between two who hold nothing of the
    kind none is lower, and that both lack it is found by other rules.
    """
    if judge_need(asked, specialties, new, day, unit_id).outcome is Outcome.MET:
        return False
    families = {kind.family for kind in asked}
    return _best_level(new, families, day) > _best_level(old, families, day)


def _best_level(held: Sequence[HeldCertificate], families: set[str], day: date) -> float:
    """The highest level held that day, 1 above 2; families without levels are above all, nothing is below all."""
    serving = (
        each.kind.level or 0
        for each in held
        if each.kind.family in families and each.in_date(day) and each.status is CertificateStatus.VALID
    )
    return min(serving, default=inf)
