"""Mistakes about what people hold and whom they work for."""

from collections.abc import Callable
from datetime import timedelta

from service.domain.certificates import CertificateStatus
from service.domain.post_rules import Case
from service.simulate.drafts import Chair, Human, Site
from service.simulate.hands import Hands, key_of
from service.store.models import Certificate

SAFETY = ("safety_b", "safety_c1", "safety_c2")
HIGHER, LOWER = "constructor_1", "constructor_2"
ENDING = (CertificateStatus.SUSPENDED, CertificateStatus.REVOKED, CertificateStatus.CANCELLED)


def missing(hands: Hands, site: Site) -> str | None:
    """Somebody holds nothing of what one need asks for."""

    def act(human: Human, certificates: list[Certificate], _: Case) -> None:
        gone = {certificate.id for certificate in certificates}
        human.certificates = [each for each in human.certificates if each.id not in gone]
        human.statuses = [each for each in human.statuses if each.certificate_id not in gone]

    return _about_need(hands, site, act)


def wrong_type(hands: Hands, site: Site) -> str | None:
    """Somebody holds a safety certificate of another kind."""

    def act(_: Human, certificates: list[Certificate], need: Case) -> None:
        _retype(hands, certificates, next(code for code in SAFETY if code not in need.one_of))

    return _about_need(hands, site, act, lambda need: set(need.one_of) <= {*SAFETY, "safety_c3"})


def wrong_level(hands: Hands, site: Site) -> str | None:
    """A constructor of the second class leads large works."""

    def act(_: Human, certificates: list[Certificate], _need: Case) -> None:
        _retype(hands, certificates, LOWER)

    return _about_need(hands, site, act, lambda need: need.one_of == (HIGHER,))


def expired(hands: Hands, site: Site) -> str | None:
    """A certificate ran out some weeks ago."""

    def act(_: Human, certificates: list[Certificate], _need: Case) -> None:
        over = hands.ago(1, 90)
        for certificate in certificates:
            certificate.valid_until = min(certificate.valid_until or over, over)

    return _about_need(hands, site, act)


def expiring(hands: Hands, site: Site) -> str | None:
    """A certificate runs out within the first warning days."""

    def act(_: Human, certificates: list[Certificate], _need: Case) -> None:
        soon = hands.today + timedelta(days=hands.chance.randint(10, 85))
        for certificate in certificates:
            certificate.valid_until = min(certificate.valid_until or soon, soon)

    return _about_need(hands, site, act)


def suspended(hands: Hands, site: Site) -> str | None:
    """The issuer suspended, revoked or cancelled a certificate."""

    def act(human: Human, certificates: list[Certificate], _: Case) -> None:
        status, since = hands.chance.choice(ENDING), hands.ago(1, 30)
        for certificate in certificates:
            hands.people.add_status(human, certificate, status, since)

    return _about_need(hands, site, act)


def other_unit(hands: Hands, site: Site) -> str | None:
    """The certificate names another enterprise than that of the team."""

    def act(human: Human, certificates: list[Certificate], _: Case) -> None:
        for certificate in certificates:
            certificate.unit_id = hands.people.elsewhere(human.unit_id)

    return _about_need(hands, site, act)


def employed_elsewhere(hands: Hands, site: Site) -> str | None:
    """Somebody works for another enterprise, instead or as well."""
    chair = hands.some_chair(site, _employed)
    if chair is None:
        return None
    human = chair.human
    if hands.chance.random() < 0.5:
        human.employments.clear()
    hands.people.employ(human, hands.people.elsewhere(human.unit_id), hands.ago(30, 150))
    return _settled(chair)


def left_unit(hands: Hands, site: Site) -> str | None:
    """Somebody left; some work elsewhere already."""
    chair = hands.some_chair(site, _employed)
    if chair is None:
        return None
    human, last = chair.human, hands.ago(3, 60)
    human.employments[-1].ends_on = last
    if hands.chance.random() < 0.5:
        hands.people.employ(human, hands.people.elsewhere(human.unit_id), last + timedelta(days=1))
    return _settled(chair)


def _employed(chair: Chair) -> bool:
    return bool(chair.human.employments)


def _settled(chair: Chair) -> str:
    chair.human.settled = True
    return key_of(chair)


def _about_need(
    hands: Hands,
    site: Site,
    act: Callable[[Human, list[Certificate], Case], None],
    fits: Callable[[Case], bool] = lambda _: True,
) -> str | None:
    """Act on all certificates by which somebody meets a need of his post that fits."""

    def fitting(chair: Chair) -> list[Case]:
        return [need for need in hands.rules[chair.line.post_code].needs(site.size) if fits(need)]

    chair = hands.some_chair(site, lambda each: bool(fitting(each)))
    if chair is None:
        return None
    need = hands.chance.choice(fitting(chair))
    act(chair.human, [each for each in chair.human.certificates if each.type_code in need.one_of], need)
    return _settled(chair)


def _retype(hands: Hands, certificates: list[Certificate], type_code: str) -> None:
    for certificate in certificates:
        certificate.type_code = type_code
        certificate.number = hands.numbers.certificate(type_code, certificate.valid_from)
