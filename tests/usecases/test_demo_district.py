"""The demo district is in order: its first night finds nothing but posts that nobody holds yet."""

from sqlalchemy import select

from service.demo_district import fill
from service.deps import Deps
from service.domain.findings.base import Rule
from service.store.models import Finding
from service.store.queries.paging import Window
from service.usecases import certificates, crosscheck_night
from tests.factories import World


def test_its_first_night_finds_only_vacant_posts(deps: Deps) -> None:
    told = list(fill(deps))
    assert sum("project_manager" in line for line in told) == 3
    assert list(fill(deps)) == told
    night = crosscheck_night.run_all(deps=deps)
    with deps.database.begin() as work:
        assert set(work.session.scalars(select(Finding.rule))) == {Rule.POST_VACANT}
    assert (night.projects, night.ended_at is not None) == (2, True)


def test_its_certificates_look_like_those_of_their_types(deps: Deps) -> None:
    list(fill(deps))
    rows = certificates.list_certificates({}, Window(), actor=World(deps).city, deps=deps).items
    assert len(rows) == 6
    assert [row.number for row in rows if row.number_unusual] == []
