"""Seed the attendance policy, the calendar and what certificates posts need; begin closing the days of every project.

Numbers without a Shanghai source are starting values: two punches 240 minutes apart (Jilin, Nanjing, Wuhu), 06:00-20:00
(Shenyang), 80 % (建质〔2011〕111号 for project managers), 50 % for chief engineers (Wuhu). Required posts are those that
《上海市建设工程质量和安全管理条例》 art. 28 and 43 name.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EFFECTIVE_FROM = date(2019, 6, 1)
ATTENDANCE_POLICY = {
    "min_punches": 2,
    "min_gap_minutes": 240,
    "window_from": "06:00",
    "window_to": "20:00",
    "due_days": "active_construction_days",
    "required_posts": [
        "project_manager", "technical_lead", "safety_officer", "quality_officer",
        "chief_engineer", "supervision_engineer", "supervisor",
    ],
    "thresholds": {"project_manager": 80, "chief_engineer": 50, "others": 80},
    "short_stop_work_days": 7,
    "stop_work_days_a_month": 7,
}
# The scenario 关键岗位. Nothing official was found for its time limits and who is told: starting values.
SCENARIO = json.loads(Path(__file__).parents[1].joinpath("data", "key_personnel-1.json").read_text(encoding="utf-8"))
APPEND_ONLY = ("ticket_event",)
# A trigger of rows does not see TRUNCATE, which empties a table at once.
NEVER_EMPTIED = ("audit", "decision_record", "project_state", "policy", *APPEND_ONLY)
# The State Council's 关于2025年（2026年）部分节假日安排的通知, written down because a later library may forget a year that
# is past: first and last day of each rest, and the weekend days worked instead.
RESTS = [
    ("元旦", "2025-01-01", "2025-01-01"), ("春节", "2025-01-28", "2025-02-04"), ("清明", "2025-04-04", "2025-04-06"),
    ("劳动节", "2025-05-01", "2025-05-05"), ("端午", "2025-05-31", "2025-06-02"),
    ("国庆节", "2025-10-01", "2025-10-05"), ("中秋", "2025-10-06", "2025-10-06"), ("国庆节", "2025-10-07", "2025-10-08"),
    ("元旦", "2026-01-01", "2026-01-03"), ("春节", "2026-02-15", "2026-02-23"), ("清明", "2026-04-04", "2026-04-06"),
    ("劳动节", "2026-05-01", "2026-05-05"), ("端午", "2026-06-19", "2026-06-21"),
    ("中秋", "2026-09-25", "2026-09-27"), ("国庆节", "2026-10-01", "2026-10-07"),
]
WORKED_WEEKENDS = {
    "2025-01-26": "春节", "2025-02-08": "春节", "2025-04-27": "劳动节", "2025-09-28": "国庆节", "2025-10-11": "国庆节",
    "2026-01-04": "元旦", "2026-02-14": "春节", "2026-02-28": "春节", "2026-05-09": "劳动节", "2026-09-20": "国庆节",
    "2026-10-10": "国庆节",
}
FIRST_DAY, LAST_DAY, SATURDAY = date(2025, 1, 1), date(2026, 12, 31), 5
CERTIFICATE_TYPES = [
    ("constructor_1", "一级建造师", "first-class registered constructor"),
    ("constructor_2", "二级建造师", "second-class registered constructor"),
    ("safety_b", "安全生产考核合格证（B）", "safety certificate B, project managers"),
    ("safety_c1", "安全生产考核合格证（C1）", "safety certificate C1, machinery"),
    ("safety_c2", "安全生产考核合格证（C2）", "safety certificate C2, civil works"),
    ("safety_c3", "安全生产考核合格证（C3）", "safety certificate C3, all works"),
    ("registered_supervision_engineer", "注册监理工程师", "registered supervision engineer"),
]
# One of each inner list. Posts that are not named ask for none, because no source says what could be checked: of chief
# representatives and supervision engineers a title and years of work will do (GB/T 50319-2013 2.0.7, 2.0.8), and for
# technical leads, quality, site and machinery officers and supervisors nothing reliable was found.
POST_CERTIFICATES = {
    # 注册建造师管理规定 and 部令17号, known from secondary pages that agree. A second-class constructor may lead medium and
    # small works only; the size of a project is not known here.
    "project_manager": [["constructor_1", "constructor_2"], ["safety_b"]],
    # The opinion on 部令17号, known from copies. Which of the three fits the works is not checked.
    "safety_officer": [["safety_c1", "safety_c2", "safety_c3"]],
    # 部令147号 and GB/T 50319-2013, known from copies.
    "chief_engineer": [["registered_supervision_engineer"]],
}


def upgrade():
    policy = sa.table(
        "policy",
        sa.column("id", sa.Uuid), sa.column("created_at"), sa.column("subject"), sa.column("policy_version"),
        sa.column("effective_from"), sa.column("scope"), sa.column("body", sa.dialects.postgresql.JSONB),
    )
    op.bulk_insert(
        policy,
        [
            {
                "id": uuid7(), "created_at": datetime.now(UTC), "subject": subject, "policy_version": version,
                "effective_from": EFFECTIVE_FROM, "scope": "city", "body": body,
            }
            for subject, version, body in (
                ("attendance", "attendance-1", ATTENDANCE_POLICY),
                ("scenario.key_personnel", "key_personnel-1", SCENARIO),
            )
        ],
    )
    day = sa.table("calendar_day", *(sa.column(n) for n in ("day", "working", "name", "version")))
    op.bulk_insert(day, [{**row, "version": 1} for row in calendar()])
    kind = sa.table("certificate_type", *(sa.column(n) for n in ("code", "name_zh", "name_en", "version")))
    op.bulk_insert(
        kind, [{"code": code, "name_zh": zh, "name_en": en, "version": 1} for code, zh, en in CERTIFICATE_TYPES]
    )
    post = sa.table(
        "post", sa.column("code"), sa.column("version"), sa.column("certificates", sa.dialects.postgresql.JSONB)
    )
    for code, certificates in POST_CERTIFICATES.items():
        op.execute(
            post.update().where(post.c.code == code).values(certificates=certificates, version=post.c.version + 1)
        )
    # Projects that were there before have their days closed from the first that counts.
    op.execute("INSERT INTO day_close (project_id, through) SELECT id, counting_from - 1 FROM project")
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER added_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_edit()"
        )
    for table in NEVER_EMPTIED:
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit()"
        )


def calendar():
    """Every day of both years: weekends are off but for those worked instead of a holiday."""
    named = {}
    for name, first, last in RESTS:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            named[day] = (False, name)
            day += timedelta(days=1)
    named |= {date.fromisoformat(day): (True, name) for day, name in WORKED_WEEKENDS.items()}
    for number in range((LAST_DAY - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=number)
        working, name = named.get(day, (day.weekday() < SATURDAY, None))
        yield {"day": day, "working": working, "name": name}


def downgrade():
    for table in NEVER_EMPTIED:
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER added_only ON {table}")
    for table in ("day_close", "calendar_day", "certificate", "certificate_type"):
        op.execute(f"DELETE FROM {table}")
    op.execute("UPDATE post SET certificates = '[]', version = version + 1 WHERE certificates <> '[]'")
    op.execute("ALTER TABLE policy DISABLE TRIGGER added_only")
    op.execute("DELETE FROM policy WHERE policy_version IN ('attendance-1', 'key_personnel-1')")
    op.execute("ALTER TABLE policy ENABLE TRIGGER added_only")
