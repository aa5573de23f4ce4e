"""The words of this installation that cells may hold, and templates that offer them."""

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.exchange import Things
from service.spreadsheets.columns import CHOICES, FIXED_WORDS, Words, words_of
from service.spreadsheets.writing import template
from service.store.models import CertificateType, District, Post, SupervisingBody
from service.usecases.access import require

_NAMED: dict[str, tuple[InstrumentedAttribute[str], ...]] = {
    "post": (Post.code, Post.name_zh, Post.name_en),
    "certificate_type": (CertificateType.code, CertificateType.name_zh, CertificateType.name_en),
    "district": (District.code, District.name),
    "body": (SupervisingBody.code, SupervisingBody.name),
}


def words_known(*, deps: Deps) -> Words:
    """What posts, certificates, districts and bodies are called here, beside the words of fixed lists."""
    return {**FIXED_WORDS, **{name: words_of(names) for name, names in _names(deps).items()}}


def read_template(things: Things, *, actor: Actor, deps: Deps) -> bytes:
    """The template for who may load it."""
    require(actor, Permission.SPREADSHEET_LOAD)
    return make_template(things, deps=deps)


def make_template(things: Things, *, deps: Deps) -> bytes:
    """A workbook to fill in, with the words known here to choose from."""
    offers = {name: [names[0] for names in choices.values()] for name, choices in CHOICES.items()}
    known = {name: [spoken[0] for spoken in names.values()] for name, names in _names(deps).items()}
    return template(things, {**offers, **known})


def _names(deps: Deps) -> dict[str, dict[str, tuple[str, ...]]]:
    with deps.database.begin() as work:
        return {
            name: {code: tuple(names) for code, *names in work.session.execute(select(*columns).order_by(columns[0]))}
            for name, columns in _NAMED.items()
        }
