"""`make demo`: an instance of its own, played over HTTP by the people of a building site; exits 1 at a difference."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from io import TextIOWrapper
from pathlib import Path

from demo import (
    album,
    series,
    steps_crosscheck,
    steps_face,
    steps_faults,
    steps_month,
    steps_people,
    steps_place,
    steps_prelude,
    steps_reach,
    steps_registries,
    steps_series,
    steps_setup,
    steps_tickets,
)
from demo.instance import NotStarted, Throwaway
from demo.story import Broken, Story
from demo.table import Table
from jobs.local import signals

Chapter = Callable[[Story], None]

CHAPTERS: Sequence[Chapter] = (
    steps_setup.play,
    steps_people.play,
    steps_place.play,
    steps_face.play,
    steps_faults.play,
    steps_reach.play,
    steps_prelude.play,
    steps_month.play,
    steps_tickets.play,
    steps_registries.play,
    steps_crosscheck.play,
)
INTERRUPTED = 130


def main() -> int:
    """Start, play, tell, stop."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="DIR", help="play DIR/<person>/<image> instead of the month")
    photos: Path | None = parser.parse_args().photos
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that knows no tick mark shows a question mark instead.
        sys.stdout.reconfigure(errors="replace")
    played = "a month on a site over HTTP, in about a minute" if photos is None else "series of photos over HTTP"
    print(f"Daogang, the demo: starts an instance of its own and plays {played}.")
    try:
        album.require()
        chapters = CHAPTERS if photos is None else with_series(photos)
    except (FileNotFoundError, series.Unusable) as error:
        print(f"daogang: {error}", file=sys.stderr)
        return 1
    signals.raise_stop_asked()
    return run(Throwaway(), Table(), chapters)


def with_series(photos: Path) -> Sequence[Chapter]:
    """The chapters that set the stage, and then the folder's people; series.Unusable when it has too few."""
    return steps_setup.play, steps_people.play, partial(steps_series.play, album=series.read(photos))


def run(instance: Throwaway, table: Table, chapters: Sequence[Chapter]) -> int:
    """The exit code of one performance; the folder is kept where somebody will want to read the logs."""
    keep = True
    try:
        instance.start()
        keep = not play(Story(instance, table), chapters)
    except NotStarted as error:
        print(f"daogang: the instance did not start: {error} (logs: {instance.logs})", file=sys.stderr)
    except signals.StopAsked:
        keep = False
        return INTERRUPTED
    finally:
        signals.ignore()
        instance.stop(keep=keep)
    return int(keep)


def play(story: Story, chapters: Sequence[Chapter]) -> bool:
    """Play the chapters and print the summary; True when all went as expected."""
    print(f"ready at {story.instance.api}")
    story.table.head()
    try:
        for chapter in chapters:
            chapter(story)
    except Broken:
        print("The story ends here, because what follows rests on that step.")
    print(f"\n{story.table.summary()}")
    if story.table.differences:
        print(f"logs: {story.instance.logs}")
    return not story.table.differences


if __name__ == "__main__":
    sys.exit(main())
