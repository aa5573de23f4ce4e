"""People with documents, employments and certificates as they should be; some only look as if theirs were not."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from random import Random
from uuid import UUID

from service.domain.calendar import begin_of
from service.domain.certificates import CertificateStatus
from service.domain.identifiers import DocumentKind
from service.domain.post_rules import Case
from service.domain.sites import ProjectKind
from service.domain.sources import Source
from service.simulate.drafts import Human
from service.simulate.numbers import Numbers
from service.simulate.words import FOREIGN, WOMEN, person_name
from service.store.models import Certificate, CertificateStatusRow, Employment, Person
from service.store.vault import Vault

# 部令17号: three years; of the other families it is the usual figure.
VALIDITY = timedelta(days=3 * 365)
# A certificate that serves has so many days left, and was issued so many days ago: for a month no night changes it.
LEAST_LEFT, LEAST_OLD = 125, 100
TAIL = 4
SPECIALTIES = {
    ProjectKind.BUILDING: "建筑工程",
    ProjectKind.FIT_OUT: "建筑工程",
    ProjectKind.MUNICIPAL: "市政公用工程",
}
SUPERVISION_SPECIALTIES = {
    ProjectKind.BUILDING: "房屋建筑工程",
    ProjectKind.FIT_OUT: "房屋建筑工程",
    ProjectKind.MUNICIPAL: "市政公用工程",
}


class People:
    """Makes people who work for one of the firms."""

    def __init__(self, chance: Random, numbers: Numbers, vault: Vault, today: date, firms: Sequence[UUID]) -> None:
        self._chance = chance
        self._numbers = numbers
        self._vault = vault
        self._today = today
        self._firms = firms
        #: How many there are by now.
        self.made = 0

    def human(self, unit_id: UUID, needs: Iterable[Case] = (), kind: ProjectKind | None = None) -> Human:
        """Somebody who works for the unit and holds what is needed on works of a kind."""
        human = Human(self._person(), unit_id)
        self.made += 1
        self._employ(human)
        self.certify(human, needs, kind)
        return human

    def certify(self, human: Human, needs: Iterable[Case], kind: ProjectKind | None) -> None:
        """He holds what is needed on works of a kind."""
        for need in needs:
            self._certify(human, self._chance.choice(need.one_of), kind)

    def employ(self, human: Human, unit_id: UUID, starts_on: date, ends_on: date | None = None) -> None:
        """He works there from a first to a last day."""
        human.employments.append(
            Employment(
                id=self._numbers.new_id(),
                person_id=human.id,
                unit_id=unit_id,
                starts_on=starts_on,
                ends_on=ends_on,
                source=Source.SPREADSHEET,
            )
        )

    def add_status(self, human: Human, certificate: Certificate, status: CertificateStatus, from_on: date) -> None:
        """Its issuer says so from a day on."""
        row = CertificateStatusRow(
            id=self._numbers.new_id(),
            certificate_id=certificate.id,
            status=status,
            from_on=from_on,
            source=Source.CERTIFICATE_REGISTRY,
        )
        human.statuses.append(row)

    def elsewhere(self, unit_id: UUID) -> UUID:
        """A firm other than this one."""
        while (other := self._chance.choice(self._firms)) == unit_id:
            pass
        return other

    def _person(self) -> Person:
        woman = self._chance.randrange(100) < WOMEN
        # Of two hundred one is a foreigner.
        foreign = self._chance.randrange(200) == 0
        number = self._numbers.passport() if foreign else self._numbers.resident_id(woman=woman)
        digest = self._vault.digest("document", number.encode())
        phone, person_id = self._numbers.phone(), self._numbers.new_id()
        return Person(
            id=person_id,
            name=self._chance.choice(FOREIGN) if foreign else person_name(self._chance, woman=woman),
            document_kind=DocumentKind.PASSPORT if foreign else DocumentKind.RESIDENT_ID,
            document_sealed=self._vault.seal(f"document:{digest.hex()}", number.encode()),
            document_hash=digest,
            document_tail=number[-TAIL:],
            phone_sealed=self._vault.seal(f"phone:{person_id}", phone.encode()),
            phone_tail=phone[-TAIL:],
            phone_hash=self._vault.digest("phone", phone.encode()),
            source=Source.FILING_SYSTEM,
        )

    def _employ(self, human: Human) -> None:
        """Most work for their first firm, some came from another or back to this one, of few nothing is known."""
        kind = self._chance.random()
        began = self._today - timedelta(days=self._chance.randint(200, 3000))
        earlier, left = began - timedelta(days=self._chance.randint(200, 1500)), began - timedelta(days=1)
        if kind < 0.02:
            return
        if kind < 0.27:
            self.employ(human, self.elsewhere(human.unit_id), earlier, left)
        elif kind < 0.29:
            self.employ(human, human.unit_id, earlier, left - timedelta(days=90))
        self.employ(human, human.unit_id, began)

    def _certify(self, human: Human, type_code: str, kind: ProjectKind | None) -> None:
        """A certificate that serves; beside it, for some, one that does not, which must not matter."""
        issued = self._today - timedelta(days=self._chance.randint(LEAST_OLD, VALIDITY.days - LEAST_LEFT))
        certificate = self._certificate(human, type_code, kind, issued)
        habit = self._chance.random()
        if habit < 0.15:
            # Renewed in time: the one before is over.
            self._certificate(human, type_code, kind, issued - VALIDITY)
        elif habit < 0.17:
            # Suspended for a while, and long valid again.
            self.add_status(human, certificate, CertificateStatus.SUSPENDED, issued + timedelta(days=30))
            self.add_status(human, certificate, CertificateStatus.VALID, issued + timedelta(days=60))
        elif habit < 0.18:
            soon = self._today + timedelta(days=self._chance.randint(30, 90))
            self.add_status(human, certificate, CertificateStatus.SUSPENDED, soon)
            human.settled = True
        elif habit < 0.19:
            # Not moved over yet from the firm before, and issued anew by this one.
            other = self._certificate(human, type_code, kind, issued - timedelta(days=LEAST_OLD))
            other.unit_id = self.elsewhere(human.unit_id)
            human.settled = True
        elif habit < 0.20:
            certificate.unit_id = None

    def _certificate(self, human: Human, type_code: str, kind: ProjectKind | None, issued: date) -> Certificate:
        specialties = SUPERVISION_SPECIALTIES if type_code.startswith("registered") else SPECIALTIES
        certificate = Certificate(
            id=self._numbers.new_id(),
            person_id=human.id,
            type_code=type_code,
            number=self._numbers.certificate(type_code, issued),
            specialty=None if kind is None or type_code.startswith("safety") else specialties[kind],
            unit_id=human.unit_id,
            valid_from=issued,
            valid_until=issued + VALIDITY - timedelta(days=1),
            source=Source.CERTIFICATE_REGISTRY,
            checked_at=begin_of(self._today) - timedelta(days=self._chance.randint(0, 20)),
        )
        human.certificates.append(certificate)
        self.add_status(human, certificate, CertificateStatus.VALID, issued)
        return certificate
