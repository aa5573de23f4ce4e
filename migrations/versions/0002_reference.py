"""Seed districts, key posts and the default check-in policy; protect what is only ever added to.

Posts: 沪建质安(2019)347号 art. 3 as far as it is public; its split into first and second category is not public,
so the category is data (by what most rules elsewhere do: project manager and chief supervision engineer first, the others second).
"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DISTRICTS = {
    "310101": "黄浦区", "310104": "徐汇区", "310105": "长宁区", "310106": "静安区", "310107": "普陀区",
    "310109": "虹口区", "310110": "杨浦区", "310112": "闵行区", "310113": "宝山区", "310114": "嘉定区",
    "310115": "浦东新区", "310116": "金山区", "310117": "松江区", "310118": "青浦区", "310120": "奉贤区",
    "310151": "崇明区",
}
POSTS = [
    ("project_manager", "项目负责人", "project manager", "construction", 1),
    ("technical_lead", "项目技术负责人", "technical lead", "construction", 2),
    ("safety_officer", "专职安全员", "safety officer", "construction", 2),
    ("quality_officer", "质量员", "quality officer", "construction", 2),
    ("site_engineer", "施工员", "site engineer", "construction", 2),
    ("machinery_officer", "机械员", "machinery officer", "construction", 2),
    ("chief_engineer", "总监理工程师", "chief supervision engineer", "supervision", 1),
    ("chief_representative", "总监代表", "representative of the chief engineer", "supervision", 2),
    ("supervision_engineer", "专业监理工程师", "specialist supervision engineer", "supervision", 2),
    ("supervisor", "监理员", "supervisor", "supervision", 2),
]
CHECK_IN_POLICY = {
    "margin_m": 50,
    "accuracy_limit_m": 60,
    "fix_max_age_s": 120,
    "window_from": "06:00",
    "window_to": "20:00",
    "faces": {"dlib": {"accept": 0.40, "refuse": 0.50}},
}
APPEND_ONLY = ("audit", "decision_record", "project_state", "policy")


def upgrade():
    district = sa.table("district", sa.column("code"), sa.column("name"), sa.column("version"))
    op.bulk_insert(district, [{"code": code, "name": name, "version": 1} for code, name in DISTRICTS.items()])
    post = sa.table("post", *(sa.column(n) for n in ("code", "name_zh", "name_en", "team_kind", "category", "version")))
    op.bulk_insert(
        post,
        [
            {"code": code, "name_zh": zh, "name_en": en, "team_kind": team, "category": category, "version": 1}
            for code, zh, en, team, category in POSTS
        ],
    )
    policy = sa.table(
        "policy",
        sa.column("id", sa.Uuid), sa.column("created_at"), sa.column("subject"), sa.column("policy_version"),
        sa.column("effective_from"), sa.column("scope"), sa.column("body", sa.dialects.postgresql.JSONB),
    )
    op.bulk_insert(
        policy,
        [
            {
                "id": uuid7(), "created_at": datetime.now(UTC), "subject": "check_in", "policy_version": "check_in-1",
                "effective_from": date(2019, 6, 1), "scope": "city", "body": CHECK_IN_POLICY,
            }
        ],
    )
    op.execute(
        """
        CREATE FUNCTION refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'rows of % are added, never edited', TG_TABLE_NAME; END $$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER added_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_edit()"
        )


def downgrade():
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER added_only ON {table}")
    op.execute("DROP FUNCTION refuse_edit()")
    for table in ("policy", "post", "district"):
        op.execute(f"DELETE FROM {table}")
