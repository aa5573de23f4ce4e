"""Seed the regulations, the rules of posts and the families of certificates; protect what is only ever added to.

What each rests on, and how sure that is, stands in the rows themselves: `regulation.confidence` and `source`.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from uuid_utils.compat import uuid7

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DATA = Path(__file__).parents[1] / "data"
REGULATIONS = json.loads(DATA.joinpath("regulations-1.json").read_text(encoding="utf-8"))
POST_RULES = json.loads(DATA.joinpath("post_rules-1.json").read_text(encoding="utf-8"))
SAFETY_NUMBER = r"^[\u4e00-\u9fa5]建安{}[(（]\d{{4}}[)）]\d{{7,15}}$"
# Type: family, level, number pattern, months it is valid. Patterns and months of constructors and supervision engineers
# rest on samples and recollection, so that a number of another form is told and never refused.
FAMILIES = {
    "constructor_1": ("constructor", 1, r"^[\u4e00-\u9fa5]1\d{10,15}$", None),
    "constructor_2": ("constructor", 2, r"^[\u4e00-\u9fa5]2\d{10,15}$", None),
    "safety_b": ("safety", None, SAFETY_NUMBER.format("B"), 36),
    "safety_c1": ("safety", None, SAFETY_NUMBER.format("C1"), 36),
    "safety_c2": ("safety", None, SAFETY_NUMBER.format("C2"), 36),
    "safety_c3": ("safety", None, SAFETY_NUMBER.format("C3"), 36),
    "registered_supervision_engineer": ("supervision_engineer", None, None, 36),
}
# 《上海市建设工程质量和安全管理条例》第六条 asks technical and management staff for the certificate of their post; how
# long one is valid and what its number looks like is not known.
POST_CERTIFICATES = {
    "site_engineer_certificate": ("施工员岗位证书", "site engineer's certificate of post"),
    "quality_officer_certificate": ("质量员岗位证书", "quality officer's certificate of post"),
    "machinery_officer_certificate": ("机械员岗位证书", "machinery officer's certificate of post"),
}
NEW_TYPE = """
    INSERT INTO certificate_type (code, name_zh, name_en, family, version)
    VALUES (:code, :name_zh, :name_en, 'post_certificate', 1)
    ON CONFLICT (code) DO UPDATE SET family = excluded.family
"""
APPEND_ONLY = ("post_rule", "certificate_status")
# Posts that a city added go on with what they asked for.
KEEP_OWN_POSTS = """
    INSERT INTO post_rule (id, created_at, post_code, rule_version, effective_from, category, body)
    SELECT gen_random_uuid(), now(), code, code || '-1', DATE '2019-06-01', category, jsonb_build_object(
        'certificates', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(jsonb_build_object('one_of', need))), '[]')
            FROM jsonb_array_elements(certificates) need
        ),
        'concurrency', jsonb_build_object('projects', NULL), 'staffing', jsonb_build_array(),
        'binding', 'filing', 'warn_days', jsonb_build_array(90, 60, 30)
    )
    FROM post WHERE NOT EXISTS (SELECT FROM post_rule WHERE post_code = code)
"""
# Before there were sizes a post asked the same of every project: the last case of each need, which is the widest. Nor
# did any ask for a certificate of its post.
FIRST_RULE = """
    UPDATE post SET category = rule.category, certificates = (
        SELECT coalesce(jsonb_agg(need.cases -> -1 -> 'one_of' ORDER BY need.place), '[]')
        FROM jsonb_array_elements(rule.body -> 'certificates') WITH ORDINALITY need (cases, place)
        WHERE need.cases #>> '{-1,one_of,0}' NOT IN (
            'site_engineer_certificate', 'quality_officer_certificate', 'machinery_officer_certificate'
        )
    )
    FROM post_rule rule
    WHERE rule.post_code = post.code AND rule.effective_from = (
        SELECT min(effective_from) FROM post_rule WHERE post_code = post.code
    )
"""


def upgrade():
    regulation = sa.table(
        "regulation",
        *(sa.column(n) for n in ("code", "title_zh", "title_en", "text_zh", "text_en", "confidence", "source", "version")),
        sa.column("rules", postgresql.JSONB), sa.column("posts", postgresql.JSONB),
    )
    op.bulk_insert(regulation, [{**row, "version": 1} for row in REGULATIONS])
    rule = sa.table(
        "post_rule",
        *(sa.column(n) for n in ("created_at", "post_code", "rule_version", "category")),
        sa.column("effective_from", sa.Date), sa.column("id", sa.Uuid), sa.column("body", postgresql.JSONB),
    )
    # A category that a city changed stays: kept months were counted by it.
    categories = dict(op.get_bind().execute(sa.text("SELECT code, category FROM post")).all())
    op.bulk_insert(
        rule,
        [
            {
                **row, "id": uuid7(), "created_at": datetime.now(UTC), "category": categories[row["post_code"]],
                "effective_from": date.fromisoformat(row["effective_from"]),
            }
            for row in POST_RULES
            if row["post_code"] in categories
        ],
    )
    op.execute(KEEP_OWN_POSTS)
    op.drop_column("post", "category")
    op.drop_column("post", "certificates")
    kind = sa.table(
        "certificate_type",
        *(sa.column(n) for n in ("code", "family", "level", "number_pattern", "validity_months", "version")),
    )
    for code, (family, level, pattern, months) in FAMILIES.items():
        op.execute(
            kind.update()
            .where(kind.c.code == code)
            .values(
                family=family, level=level, number_pattern=pattern, validity_months=months, version=kind.c.version + 1
            )
        )
    # A release before goes on with them, so that they stay when this is taken back.
    for code, (name_zh, name_en) in POST_CERTIFICATES.items():
        op.execute(sa.text(NEW_TYPE).bindparams(code=code, name_zh=name_zh, name_en=name_en))
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER added_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_edit()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_edit()"
        )


def downgrade():
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
        op.execute(f"DROP TRIGGER added_only ON {table}")
    op.add_column("post", sa.Column("certificates", postgresql.JSONB, nullable=False, server_default="[]"))
    op.alter_column("post", "certificates", server_default=None)
    op.add_column("post", sa.Column("category", sa.BigInteger, nullable=False, server_default="2"))
    op.alter_column("post", "category", server_default=None)
    op.execute(FIRST_RULE)
    op.execute("DELETE FROM post_rule")
    op.execute("UPDATE certificate_type SET family = 'other', level = NULL, number_pattern = NULL, validity_months = NULL")
    op.execute("DELETE FROM regulation")
