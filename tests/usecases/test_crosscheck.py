"""The cross-check on a real database."""

from service.usecases import crosscheck_night
from tests.factories import World
from tests.factories_crosscheck import manager_of, sized, standing, told
from service.deps import Deps


def test_smoke(world: World, deps: Deps) -> None:
    site = world.site(fenced=False)
    manager_of(world, site)
    night = crosscheck_night.run_all(deps=deps)
    print([(r.rule, r.key, r.cites, r.evidence) for r in standing(world, site)])
    assert told(world, site) == []
    sized(world, site, area_m2=40000)
    world.line(site.construction, world.person().id, "safety_officer")
    night = crosscheck_night.run_all(deps=deps)
    print([(r.rule, r.key, r.cites, r.evidence) for r in standing(world, site)])
    print(night.opened, night.closed, night.projects, night.ended_at)
    assert told(world, site) == ["certificate_missing", "understaffed"]
