"""What it takes to make a mistake: chance and numbers of its own, and the makers of people and rosters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from service.domain.post_rules import PostRule
from service.simulate.drafts import Chair, Site
from service.simulate.numbers import Numbers
from service.simulate.people import People
from service.simulate.rosters import Rosters


@dataclass(frozen=True, slots=True)
class Hands:
    """Makes mistakes."""

    chance: Random
    numbers: Numbers
    people: People
    rosters: Rosters
    rules: Mapping[str, PostRule]
    today: date

    def some_chair(self, site: Site, fits: Callable[[Chair], bool] = lambda _: True) -> Chair | None:
        """One of the chairs that fit, whose person has no mistake yet; None where there is none."""
        chairs = [chair for chair in site.chairs if not chair.human.settled and fits(chair)]
        return self.chance.choice(chairs) if chairs else None

    def ago(self, fewest: int, most: int) -> date:
        """A day so many days before today."""
        return self.today - timedelta(days=self.chance.randint(fewest, most))


#: Makes a mistake on a site and says by which key a night finds it; None where it cannot be made there.
Act = Callable[[Hands, Site], str | None]


def key_of(chair: Chair) -> str:
    """The key of a finding about somebody on a post."""
    return f"{chair.human.id}:{chair.line.post_code}"
