"""Routes of certificates."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import PageIn, page_of, split
from service.api.schemas.certificates import (
    CertificateChange,
    CertificateIn,
    CertificateOut,
    CertificateQuery,
    CertificateStatusIn,
    CertificateStatusOut,
    ExpiringPageOut,
    ExpiringQuery,
    FreePersonOut,
    FreeQuery,
)
from service.api.tables import csv_file
from service.domain.actors import Permission
from service.usecases import certificate_lists, certificates
from service.usecases.certificate_lists import Expiring

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("certificates", __name__, description="Certificates of people")

_BUCKETS = {"expired": "已过期", "30": "30 天内", "60": "60 天内", "90": "90 天内"}
_HEADER = ("姓名", "证书类型", "证书编号", "有效期至", "剩余天数", "到期情况", "现任岗位")


@blueprint.route("/certificates")
class Certificates(MethodView):
    """All certificates within reach."""

    @asks(blueprint, Permission.CERTIFICATE_READ)
    @blueprint.arguments(CertificateQuery, location="query")
    @blueprint.response(200, page_of(CertificateOut))
    def get(self, query: dict[str, Any]) -> Any:
        """List the certificates of people within reach, newest first."""
        window, filters = split(query)
        return certificates.list_certificates(filters, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.CERTIFICATE_WRITE)
    @blueprint.arguments(CertificateIn)
    @blueprint.response(201, CertificateOut)
    def post(self, values: dict[str, Any]) -> Answer:
        """Enter a certificate of a person."""
        row = certificates.create_certificate(values, actor=actor(), deps=deps())
        return row, 201, etag(row.version)


@blueprint.route("/certificates/<uuid:certificate_id>")
class Certificate(MethodView):
    """One certificate."""

    @asks(blueprint, Permission.CERTIFICATE_READ)
    @blueprint.response(200, CertificateOut)
    def get(self, certificate_id: UUID) -> Answer:
        """Read a certificate."""
        row = certificates.read_certificate(certificate_id, actor=actor(), deps=deps())
        return row, 200, etag(row.version)

    @asks(blueprint, Permission.CERTIFICATE_WRITE)
    @versioned(blueprint)
    @blueprint.arguments(CertificateChange)
    @blueprint.response(200, CertificateOut)
    def patch(self, values: dict[str, Any], certificate_id: UUID) -> Answer:
        """Renew a certificate or put it right."""
        row = certificates.change_certificate(certificate_id, values, seen_version(), actor=actor(), deps=deps())
        return row, 200, etag(row.version)


@blueprint.route("/certificates/<uuid:certificate_id>/statuses")
class CertificateStatuses(MethodView):
    """The statuses of a certificate."""

    @asks(blueprint, Permission.CERTIFICATE_READ)
    @blueprint.arguments(PageIn, location="query")
    @blueprint.response(200, page_of(CertificateStatusOut))
    def get(self, query: dict[str, Any], certificate_id: UUID) -> Any:
        """List what was said of a certificate's status, the last said first."""
        window, _ = split(query)
        return certificates.list_statuses(certificate_id, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.CERTIFICATE_WRITE)
    @blueprint.arguments(CertificateStatusIn)
    @blueprint.response(201, CertificateStatusOut)
    def post(self, values: dict[str, Any], certificate_id: UUID) -> tuple[Any, int]:
        """Say what becomes of a certificate from a day on."""
        return certificates.add_status(certificate_id, **values, actor=actor(), deps=deps()), 201


@blueprint.route("/units/<uuid:unit_id>/certificates/expiring")
@asks(blueprint, Permission.CERTIFICATE_READ)
@blueprint.arguments(ExpiringQuery, location="query")
@blueprint.response(200, ExpiringPageOut)
def list_expiring(query: dict[str, Any], unit_id: UUID) -> Any:
    """List a unit's certificates that ended or will within 90 days; `format=csv` gives all of them as a file."""
    window, filters = split(query, certificate_lists.ending_key)
    if filters["format"] == "json":
        return certificate_lists.list_expiring(unit_id, window, actor=actor(), deps=deps())
    rows = certificate_lists.all_expiring(unit_id, actor=actor(), deps=deps())
    return csv_file("expiring-certificates.csv", _HEADER, map(_cells, rows))


@blueprint.route("/units/<uuid:unit_id>/people/free")
@asks(blueprint, Permission.CERTIFICATE_READ)
@blueprint.arguments(FreeQuery, location="query")
@blueprint.response(200, page_of(FreePersonOut))
def list_free(query: dict[str, Any], unit_id: UUID) -> Any:
    """List whom a unit could send to a project: employed, with such a certificate, on no seat that keeps him."""
    window, filters = split(query)
    asked = (filters["type_code"], filters.get("on"))
    return certificate_lists.list_free(unit_id, *asked, window, actor=actor(), deps=deps())


def _cells(row: Expiring) -> tuple[object, ...]:
    posts = "；".join(f"{post.project_name} {post.post_name}" for post in row.posts)
    ending = (row.valid_until.isoformat(), row.days_left, _BUCKETS[row.bucket])
    return (row.name, row.type_name, row.number, *ending, posts)
