"""A district for tests, made through the use cases, as a station would make it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from stdnum.cn import ric, uscc

from demo.photos import portrait, variant
from face.photo import PhotoInfo, inspect
from geofence.position import Datum
from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.domain.calendar import business_day
from service.domain.checkin import Precision
from service.domain.claims import Claim, ClaimedPosition
from service.domain.identifiers import DocumentKind
from service.domain.roster import Basis, LineAct
from service.domain.sites import BodyKind, ProjectState, TeamKind, UnitRoleKind
from service.store.models import Account, CheckIn, ConsentKind, GrantRow, ListEntry, Person, RosterLine
from service.usecases import checkins, enrolment, fences, lists, people, projects, registers, roster
from service.usecases.accounts import add_account, as_actor
from service.usecases.enrolment import EnrolmentForm, SentPhoto

#: A Monday, ten in the morning in Shanghai.
MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
STARTED = date(2026, 1, 5)
#: The centre of the test site's fence, a circle of 200 m, in WGS-84.
CENTRE = (31.2304, 121.4737)
NUMBERS = count(1)


def sent(data: bytes) -> SentPhoto:
    """A photo as the API hands it on."""
    info = inspect(data)
    assert isinstance(info, PhotoInfo), info
    return SentPhoto(data, info)


@dataclass
class Site:
    """A project with its parts and the people who look after it."""

    project_id: UUID
    construction: UUID
    supervision: UUID
    body: UUID


class World:
    """Makes things through the use cases; `city` may do everything."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.city = self.actor(Role.CITY, Scope.CITY)

    def actor(self, role: Role, scope: Scope, scope_id: UUID | None = None) -> Actor:
        """A fresh account with one role."""
        name = f"{role}-{next(NUMBERS)}"
        account, _ = add_account(name, [Grant(role, scope, scope_id)], None, actor_id=None, deps=self.deps)
        return as_actor(account)

    def key_person(self, person_id: UUID) -> Actor:
        """The account of a person who bound his phone."""
        with self.deps.database.begin() as work:
            account = work.add(Account(person_id=person_id, openid=f"openid-{next(NUMBERS)}"))
            work.add(GrantRow(account_id=account.id, role=Role.KEY_PERSON, scope=Scope.SELF))
            work.session.refresh(account, ["grants"])
            return as_actor(account)

    def unit(self) -> UUID:
        stem = f"91310115MA{next(NUMBERS):07d}"
        values = {"credit_code": stem + uscc.calc_check_digit(stem), "name": "示范单位"}
        return registers.create(registers.UNITS, values, actor=self.city, deps=self.deps).id

    def body(self) -> UUID:
        values = {
            "code": f"body-{next(NUMBERS)}",
            "name": "监督站",
            "kind": BodyKind.STATION,
            "district_code": "310115",
        }
        return registers.create(registers.BODIES, values, actor=self.city, deps=self.deps).id

    def site(self, body: UUID | None = None, *, fenced: bool = True, state: ProjectState = ProjectState.ACTIVE) -> Site:
        """A project with both teams, its units and, unless said otherwise, a fence in force."""
        body = body or self.body()
        values: dict[str, Any] = {"name": f"项目{next(NUMBERS)}", "body_id": body, "district_code": "310115"}
        today = business_day(self.deps.clock.now())
        values |= {"state": state, "state_from_on": STARTED, "counting_from": today}
        project = projects.open_project(values, actor=self.city, deps=self.deps)
        construction = self.team(project.id, TeamKind.CONSTRUCTION, UnitRoleKind.CONTRACTOR)
        supervision = self.team(project.id, TeamKind.SUPERVISION, UnitRoleKind.SUPERVISION)
        site = Site(project.id, construction, supervision, body)
        if fenced:
            self.fence(site)
        return site

    def team(self, project_id: UUID, kind: TeamKind, role: UnitRoleKind) -> UUID:
        """A team of a unit of its own, which has that role on the project."""
        values = {"project_id": project_id, "unit_id": self.unit()}
        registers.create(registers.UNIT_ROLES, {**values, "role": role}, actor=self.city, deps=self.deps)
        team = {**values, "kind": kind, "name": "项目部"}
        return registers.create(registers.TEAMS, team, actor=self.city, deps=self.deps).id

    def fence(self, site: Site, *, starts_on: date = STARTED, radius_m: float = 200, approve: bool = True) -> UUID:
        lat, lon = CENTRE
        geometry = {"kind": "circle", "centre": {"lat": lat, "lon": lon}, "radius_m": radius_m}
        values = {"project_id": site.project_id, "name": "围栏", "datum": Datum.WGS84}
        values |= {"geometry": geometry, "starts_on": starts_on}
        row = fences.propose(values, actor=self.city, deps=self.deps)
        if approve:
            fences.approve(row.id, row.version, actor=self.city, deps=self.deps)
        return row.id

    def person(self, name: str = "陈立项") -> Person:
        # A thousand people are born on one day, as a number has three digits for them.
        day, place = divmod(next(NUMBERS), 1000)
        stem = f"319999{date(1900, 1, 1) + timedelta(days=day):%Y%m%d}{place:03d}"
        values = {
            "name": name,
            "document_kind": DocumentKind.RESIDENT_ID,
            "document_number": stem + ric.calc_check_digit(f"{stem}0"),
        }
        return people.register_person(values, actor=self.city, deps=self.deps)

    def line(
        self,
        team_id: UUID,
        person_id: UUID,
        post: str = "project_manager",
        *,
        starts_on: date = STARTED,
        in_force: bool = True,
    ) -> RosterLine:
        values = {"team_id": team_id, "person_id": person_id, "post_code": post, "basis": Basis.FILING}
        line = roster.propose_line({**values, "starts_on": starts_on}, actor=self.city, deps=self.deps)
        return self.put_in_force(line) if in_force else line

    def listed(self, project_id: UUID, person_id: UUID, post: str = "project_manager", **more: Any) -> ListEntry:
        """An entry of the filing's list, unless `basis` says another."""
        values = {"project_id": project_id, "person_id": person_id, "post_code": post, "basis": Basis.FILING}
        return lists.add_entry({**values, "starts_on": STARTED, **more}, actor=self.city, deps=self.deps)

    def put_in_force(self, line: RosterLine) -> RosterLine:
        for act in (LineAct.SUBMIT, LineAct.APPROVE):
            line = roster.act_on_line(line.id, act, line.version, actor=self.city, deps=self.deps)
        return line

    def enrol(
        self,
        person_id: UUID,
        who: str = "obama",
        *,
        seed: int = 1000,
        consents: tuple[ConsentKind, ...] = (ConsentKind.FACE, ConsentKind.LOCATION),
    ) -> UUID:
        """An enrolment received but not worked off yet."""
        form = EnrolmentForm(f"enrol-{uuid4()}", consents, "2026-01")
        photos = [sent(variant(portrait(who), seed=seed + at)) for at in range(3)]
        row, _ = enrolment.receive_enrolment(person_id, form, photos, actor=self.city, deps=self.deps)
        return row.id

    def claim(self, site: Site, **changes: Any) -> Claim:
        """A claim at the middle of the fence, now."""
        now = self.deps.clock.now()
        lat, lon = CENTRE
        position = {"lat": lat, "lon": lon, "datum": Datum.WGS84, "accuracy_m": 15.0, "fixed_at": now}
        position |= {"precision": Precision.PRECISE, **changes.pop("position", {})}
        values = {"project_id": site.project_id, "client_ref": f"ref-{uuid4()}", "taken_at": now, **changes}
        return Claim(position=ClaimedPosition(**position), **values)

    def punch(self, site: Site, actor: Actor, photo: bytes | None = None, **changes: Any) -> CheckIn:
        """A check-in received but not judged yet."""
        data = photo if photo is not None else variant(portrait("obama"), seed=next(NUMBERS))
        photo_sent = sent(data)
        claim = self.claim(site, **changes)
        row, _ = checkins.receive(claim, photo_sent.data, photo_sent.info, actor=actor, deps=self.deps)
        return row
