"""What the tests of attendance share: the default policy, times of a day in Shanghai."""

from datetime import UTC, date, datetime, time

from service.domain.attendance import Punch
from service.domain.calendar import SHANGHAI
from service.domain.policies import AttendancePolicy
from service.domain.reasons import Verdict

#: As the migration writes it, which tests/architecture compares.
ATTENDANCE = AttendancePolicy(
    version="attendance-1",
    min_punches=2,
    min_gap_minutes=240,
    window_from=time(6),
    window_to=time(20),
    required_posts=(
        "project_manager",
        "technical_lead",
        "safety_officer",
        "quality_officer",
        "chief_engineer",
        "supervision_engineer",
        "supervisor",
    ),
    thresholds={"project_manager": 80, "chief_engineer": 50, "others": 80},
    short_stop_work_days=7,
    stop_work_days_a_month=7,
)
DAY = date(2026, 3, 3)


def clock(hours: str, day: date = DAY) -> datetime:
    """A time of day in Shanghai, in UTC."""
    return datetime.combine(day, time.fromisoformat(hours), SHANGHAI).astimezone(UTC)


def punch(hours: str, verdict: Verdict = Verdict.ACCEPTED, *against: str, day: date = DAY) -> Punch:
    """A check-in on that day, which counts when it is accepted and nothing speaks against it."""
    decided = verdict in {Verdict.ACCEPTED, Verdict.REFUSED}
    counts = (verdict is Verdict.ACCEPTED and not against) if decided else None
    return Punch(clock(hours, day), verdict, counts, against)
