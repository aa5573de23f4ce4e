"""Business days: days begin and end in Shanghai, whatever the server's zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def business_day(at: datetime) -> date:
    """The day in Shanghai on which `at` falls."""
    return at.astimezone(SHANGHAI).date()
