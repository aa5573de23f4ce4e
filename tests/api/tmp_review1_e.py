"""Throw-away."""
from datetime import date
import pytest
from sqlalchemy import select
from service.domain.actors import Role, Scope
from service.domain.policies import Subject
from service.store.models import Policy, ConsentKind
from service.usecases import enrolment
from service.usecases.enrolment import EnrolmentForm
from demo.photos import portrait, variant
from tests.api.support import Caller, member, problem, said
from tests.factories import World, sent
from tests.factories_identity import Crowd


@pytest.fixture
def crowd(world): return Crowd(world)


def test_cursors(crowd, speaking_for):
    off = speaking_for(member(crowd.world, Role.OFFICER, Scope.BODY, crowd.site.body))
    for c in ("nan_x", "1e999_0", "x", "1_", "_", "1_2_3", "%00_1", "1_" + "0" * 32, "9" * 60 + "_" + "0" * 8, "１_00000000000000000000000000000000"):
        r = off.get(f"/duplicate-cases?cursor={c}")
        print(c[:20], r.status_code, (r.json or {}).get("code"))
    for path in ("/identity-cases?state=gone", "/identity-cases?project_id=x", "/identity-cases/rate?from=2026-03-02", "/identity-cases/rate?from=2026-03-05&to=2026-03-02", "/identity-cases/rate?from=0001-01-01&to=9999-12-31", "/identity-cases?cursor=zz"):
        r = off.get(path); print(path, r.status_code, (r.json or {}).get("code"))


def test_scopes(crowd, speaking_for):
    claimed, other = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    for at in range(3): crowd.punch(claimed, 9, 0, 0.1 + at / 100)
    crowd.person(0.2, 0, 0)
    city = speaking_for(crowd.world.city)
    case = city.get("/identity-cases").json["items"][0]; dup = city.get("/duplicate-cases").json["items"][0]
    who = {"key": crowd.phone(claimed)}
    for role, scope, sid in ((Role.PROJECT_OFFICE, Scope.TEAM, crowd.site.construction), (Role.CHIEF_ENGINEER, Scope.PROJECT, crowd.site.project_id), (Role.CLIENT, Scope.PROJECT, crowd.site.project_id), (Role.OPERATOR, Scope.CITY, None), (Role.AUDITOR, Scope.CITY, None), (Role.OFFICER, Scope.BODY, crowd.world.site().body)):
        who[role] = member(crowd.world, role, scope, sid)
    for name, actor in who.items():
        c = speaking_for(actor)
        out = []
        for p in ("/identity-cases", f"/identity-cases/{case['id']}", f"/identity-cases/{case['id']}/photo", f"/identity-cases/{case['id']}/reference-photo?of=other", "/identity-cases/rate?from=2026-03-01&to=2026-03-03", "/duplicate-cases", f"/duplicate-cases/{dup['id']}", f"/duplicate-cases/{dup['id']}/photo?of=first"):
            r = c.get(p); out.append(r.status_code if "items" not in (r.json or {}) else f"{r.status_code}:{len(r.json['items'])}")
        out.append(c.post(f"/identity-cases/{case['id']}/confirm", json={"note": "abc"}, headers={"If-Match": '"1"'}).status_code)
        print(name, out)


def test_enrol_distance(world, speaking_for):
    pid = world.person().id
    form = EnrolmentForm("enrol-12345", tuple(ConsentKind), "2026-01")
    row, _ = enrolment.receive_enrolment(pid, form, [sent(variant(portrait("obama"), seed=1)), sent(variant(portrait("obama"), seed=2)), sent(variant(portrait("biden"), seed=3))], actor=world.city, deps=world.deps)
    world.deps.queue.work_off(world.deps)
    r = speaking_for(world.city).get(f"/enrolments/{row.id}")
    print("ENROL", r.status_code, r.json.get("problems"))
