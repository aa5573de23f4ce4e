"""Routes of certificates."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import page_of, split
from service.api.schemas.certificates import CertificateChange, CertificateIn, CertificateOut, CertificateQuery
from service.domain.actors import Permission
from service.usecases import certificates

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("certificates", __name__, description="Certificates of people")


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
