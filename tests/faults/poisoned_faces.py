"""`service.cli` with an engine that breaks in C code on one photo, in its own process and in those it spawns."""

import os

from service import deps
from service.cli import cli
from tests.faults.poisoned_worker import BREAKS, poisoned

# A spawned process imports this module too, under another name.
deps.load_engine = poisoned(BREAKS[os.environ["POISON"]])

if __name__ == "__main__":
    cli()
