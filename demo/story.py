"""What the chapters share: the instance, the table, the site, and who has signed in so far."""

from dataclasses import dataclass, field

from demo.roles import Phone, Role
from demo.table import Table
from jobs.local.instance import Instance

PERSONS = {"obama": "project_manager", "biden": "safety_officer", "collins": "quality_officer"}


@dataclass
class Story:
    """Filled chapter by chapter."""

    instance: Instance
    table: Table
    city: Role
    roles: dict[str, Role] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    project: str = ""
    body: str = ""
    construction: str = ""
    units: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the API answers."""
        return self.instance.address
