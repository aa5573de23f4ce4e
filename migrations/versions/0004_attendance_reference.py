"""Seed the attendance policy, and begin closing the days of every project.

Numbers without a Shanghai source are starting values: two punches 240 minutes apart (Jilin, Nanjing, Wuhu), 06:00-20:00
(Shenyang), 80 % (建质〔2011〕111号 for project managers), 50 % for chief engineers (Wuhu). Required posts are those that
《上海市建设工程质量和安全管理条例》 art. 28 and 43 name.
"""

from datetime import UTC, date, datetime, timedelta
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
}
APPEND_ONLY = ("ticket_event",)


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
            for subject, version, body in (("attendance", "attendance-1", ATTENDANCE_POLICY),)
        ],
    )
    # Projects that were there before have their days closed from today on.
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    op.execute(
        sa.text("INSERT INTO day_close (project_id, through) SELECT id, :through FROM project").bindparams(
            through=yesterday
        )
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER added_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_edit()"
        )


def downgrade():
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER added_only ON {table}")
    op.execute("DELETE FROM day_close")
    op.execute("ALTER TABLE policy DISABLE TRIGGER added_only")
    op.execute("DELETE FROM policy WHERE policy_version = 'attendance-1'")
    op.execute("ALTER TABLE policy ENABLE TRIGGER added_only")
