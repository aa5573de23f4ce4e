"""Mistakes about who sits where."""

from service.domain.roster import LineState
from service.domain.sites import ProjectState, TeamKind
from service.simulate.drafts import Chair, Group, Site
from service.simulate.hands import Hands, key_of

# Posts that may be held on any number of projects.
SECOND_POSTS = {TeamKind.CONSTRUCTION: "site_engineer", TeamKind.SUPERVISION: "chief_representative"}
LIMITED = ("project_manager", "safety_officer", "chief_engineer")
REQUIRED = ("technical_lead", "quality_officer", "supervision_engineer", "supervisor", *LIMITED)


def filing_mismatch(hands: Hands, site: Site) -> str | None:
    """The list names somebody else for the post, or nobody."""
    chair = hands.some_chair(site, lambda each: each.entry is not None and each.line.post_code not in site.settled)
    if chair is None or chair.entry is None or not _listed_without(site, chair):
        return None
    if hands.chance.random() < 0.5:
        chair.entry.person_id = hands.chance.choice(hands.rosters.spare).id
    else:
        chair.entry = None
    site.settled.add(chair.line.post_code)
    chair.human.settled = True
    return key_of(chair)


def several_posts(hands: Hands, site: Site) -> str | None:
    """Somebody takes a second post, and the list names him for that, too."""

    def fits(chair: Chair) -> bool:
        return chair.line.post_code not in SECOND_POSTS.values()

    chair = hands.some_chair(site, fits)
    if chair is None:
        return None
    kind = next(kind for kind, team in site.teams.items() if team.id == chair.line.team_id)
    second = SECOND_POSTS[kind]
    hands.people.certify(chair.human, hands.rules[second].needs(site.size), site.size.kind)
    hands.rosters.seat(site, chair.human, kind, second, listed=site.listed)
    chair.human.settled = True
    return f"{chair.human.id}:{kind}"


def understaffed(hands: Hands, site: Site) -> str | None:
    """One of several on a post is gone; the list still names him, or where a table asks for all of them no more."""
    posts = [post for post in _open_posts(site) if len(site.on_post(post)) > 1]
    tabled = [post for post in posts if (hands.rules[post].least(site.size) or (0,))[0] == len(site.on_post(post))]
    if tabled and hands.chance.random() < 0.5:
        return _emptied(hands, site, tabled, every=False, listed=False)
    return _emptied(hands, site, posts, every=False)


def post_vacant(hands: Hands, site: Site) -> str | None:
    """Everybody on a required post is gone."""
    return _emptied(hands, site, [post for post in _open_posts(site) if post in REQUIRED], every=True)


def several_projects(hands: Hands, group: Group) -> str | None:
    """Somebody serves two sites whose posts ask for one who serves nothing else; where one is stopped, too shortly."""
    one, other = group.sites
    post = "project_manager" if other.state is ProjectState.STOPPED else hands.chance.choice(LIMITED)
    his, theirs = (site.on_post(post)[0] for site in (one, other))
    if his.human.settled or theirs.human.settled:
        return None
    theirs.human = his.human
    theirs.line.person_id = his.human.id
    if theirs.entry:
        theirs.entry.person_id = his.human.id
    if other.state is ProjectState.STOPPED:
        theirs.line.concurrent_consent_on = theirs.line.starts_on
    his.human.settled = True
    return str(his.human.id)


def _listed_without(site: Site, chair: Chair) -> bool:
    return any(each.entry for each in site.chairs if each is not chair)


def _open_posts(site: Site) -> list[str]:
    """Posts all of whose people are named by the list and have no mistake yet."""
    posts = sorted({chair.line.post_code for chair in site.chairs} - site.settled)
    return [post for post in posts if all(each.entry and not each.human.settled for each in site.on_post(post))]


def _emptied(hands: Hands, site: Site, posts: list[str], *, every: bool, listed: bool = True) -> str | None:
    if not posts:
        return None
    post = hands.chance.choice(posts)
    for chair in site.on_post(post)[: None if every else 1]:
        chair.line.state, chair.line.ends_on = LineState.ENDED, hands.ago(1, 60)
        site.idle += [chair.line, chair.entry] if chair.entry and listed else [chair.line]
        site.chairs.remove(chair)
    site.settled.add(post)
    return post
