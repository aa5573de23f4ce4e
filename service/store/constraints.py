"""What a refused constraint means to the caller: the database decides, this table only says it."""

from psycopg import errors
from sqlalchemy.exc import IntegrityError

from service.errors import ServiceError, fault

# Where the field a caller knows has another name than the column.
_FIELDS = {
    "pk_calendar_day": "day",
    "pk_certificate_type": "code",
    "pk_district": "code",
    "pk_post": "code",
    "pk_regulation": "code",
    "account_id_role_scope_scope_id": "grants",
    "dates_in_order": "ends_on",
    "document_hash": "document_number",
    "post_code_effective_from": "effective_from",
    "person_id_unit_id_starts_on": "starts_on",
    "plan_in_order": "planned_until",
    "project_id_basis_post_code_person_id_starts_on": "person_id",
    "project_id_kind": "kind",
    "project_id_unit_id_role": "role",
    "type_code_number": "number",
    "validity_in_order": "valid_until",
}


def meaning(error: IntegrityError) -> ServiceError | None:
    """The caller's mistake behind a refused constraint, or None where it is ours.

    Constraint names follow the convention of store/base.py: `uq_<table>_<column>`, `fk_<table>_<column>`.
    """
    origin = error.orig
    if not isinstance(origin, errors.IntegrityError):
        return None
    table, name = origin.diag.table_name or "", origin.diag.constraint_name or ""
    if isinstance(origin, errors.UniqueViolation):
        field = name.removeprefix(f"uq_{table}_")
        return fault("already_exists", _FIELDS.get(field, field), thing=table)
    if isinstance(origin, errors.ForeignKeyViolation):
        return fault("unknown_reference", name.removeprefix(f"fk_{table}_"))
    if isinstance(origin, errors.CheckViolation):
        code = name.removeprefix(f"ck_{table}_")
        return fault(code, _FIELDS.get(code))
    return None
