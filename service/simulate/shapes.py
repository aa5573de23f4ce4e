"""How sites belong together: most stand alone, some share people as they may."""

from dataclasses import dataclass
from random import Random

from service.domain.sites import ProjectState

#: Sites on their own by state, of a hundred.
STATES = {ProjectState.ACTIVE: 86, ProjectState.STOPPED: 4, ProjectState.PLANNED: 4, ProjectState.COMPLETED: 6}


@dataclass(frozen=True, slots=True)
class Shape:
    """Sites made together: of a hundred groups so many, and of how many sites.

    They share the holders of `shares`. All but the first are in the state `later`, a stopped one since a number of
    days between `stopped`.
    """

    weight: int
    fewest: int = 1
    most: int = 1
    shares: tuple[str, ...] = ()
    later: ProjectState = ProjectState.ACTIVE
    stopped: tuple[int, int] = (5, 300)
    adjoining: bool = False
    consented: bool = False

    @property
    def alone(self) -> bool:
        """True for a site that has nothing to do with another."""
        return self.most == 1

    @property
    def alike(self) -> bool:
        """True for sites of the same enterprises that share nobody, though they could by mistake."""
        return not self.alone and not self.shares

    def state(self, chance: Random, *, first: bool) -> tuple[ProjectState, int]:
        """A site's state, and since how many days it has been stopped if it is."""
        state = ProjectState.ACTIVE if first else self.later
        if self.alone:
            state = chance.choices(list(STATES), list(STATES.values()))[0]
        return state, chance.randint(*self.stopped)


SHAPES = (
    Shape(80),
    # 建市〔2008〕48号: adjacent sections may share a manager and, by the rule of the post, a safety officer.
    Shape(7, 2, 3, ("project_manager", "safety_officer"), adjoining=True),
    # GB/T 50319-2013: up to three projects with the client's written consent.
    Shape(5, 2, 3, ("chief_engineer",), consented=True),
    # 建市〔2008〕48号: stopped for 120 days or longer, and the client consents.
    Shape(2, 2, 2, ("project_manager",), ProjectState.STOPPED, (130, 190), consented=True),
    # The same: the works of one are accepted.
    Shape(1, 2, 2, ("project_manager",), ProjectState.COMPLETED),
    Shape(4, 2, 2),
    Shape(1, 2, 2, later=ProjectState.STOPPED, stopped=(20, 90)),
)


def drawn_shape(chance: Random, left: int) -> Shape:
    """A shape by its weight that makes no more sites than are left."""
    fitting = [shape for shape in SHAPES if shape.most <= left]
    return chance.choices(fitting, [shape.weight for shape in fitting])[0]
