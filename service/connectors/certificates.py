"""The certificate registry: its contract is docs/connectors/certificates.openapi.yaml; its fields become ours here."""

import unicodedata
from typing import Any

from service.connectors.reading import Reading, Told, Words
from service.domain.certificates import CertificateStatus
from service.domain.records import CertificateRecord

PATH = "/v1/certificates"


def told(item: Any, words: Words) -> Told:  # noqa: ANN401 - whatever the peer wrote
    """One certificate; a type that comes with a level is one word, `TYPE/LEVEL`."""
    content = Reading(item, words)
    key, level = content.key(), content.text("level", 20)
    name = content.needed("type", 60)
    changed_at = content.instant("changed_at")
    record = CertificateRecord(
        document=content.inner("holder").document(),
        type_code=content.mapped("type", "certificate_type", f"{name}/{level}" if level else name),
        number=_number(content.needed("number", 60)),
        valid_from=content.needed_day("valid_from"),
        valid_until=content.day("valid_until"),
        specialty=content.text("specialty", 60),
        unit=content.inner("unit").unit() if content.has("unit") else None,
        status=content.choice("status", "certificate_status", CertificateStatus) or CertificateStatus.VALID,
        status_from=content.day("status_from"),
    )
    return Told(key, (("", record),), tuple(content.problems), changed_at)


def _number(told: str) -> str:
    """A number in the spelling we keep: full-width brackets made narrow, no blanks, capitals."""
    return "".join(unicodedata.normalize("NFKC", told).split()).upper()
