"""`make demo`: an instance of its own, played over HTTP by the people of a building site; exits 1 at a difference."""

import sys
from io import TextIOWrapper

from demo import (
    album,
    steps_face,
    steps_faults,
    steps_month,
    steps_people,
    steps_place,
    steps_prelude,
    steps_reach,
    steps_setup,
    steps_tickets,
)
from demo.instance import NotStarted, Throwaway
from demo.story import Broken, Story
from demo.table import Table
from jobs.local import signals

CHAPTERS = (
    steps_setup.play,
    steps_people.play,
    steps_place.play,
    steps_face.play,
    steps_faults.play,
    steps_reach.play,
    steps_prelude.play,
    steps_month.play,
    steps_tickets.play,
)
INTERRUPTED = 130


def main() -> int:
    """Start, play, tell, stop."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that knows no tick mark shows a question mark instead.
        sys.stdout.reconfigure(errors="replace")
    print("Daogang, the demo: starts an instance of its own and plays a month on a site over HTTP, in about a minute.")
    try:
        album.require()
    except FileNotFoundError as error:
        print(f"daogang: {error}", file=sys.stderr)
        return 1
    signals.raise_stop_asked()
    return run(Throwaway(), Table())


def run(instance: Throwaway, table: Table) -> int:
    """The exit code of one performance; the folder is kept where somebody will want to read the logs."""
    keep = True
    try:
        instance.start()
        keep = not play(Story(instance, table))
    except NotStarted as error:
        print(f"daogang: the instance did not start: {error} (logs: {instance.logs})", file=sys.stderr)
    except signals.StopAsked:
        keep = False
        return INTERRUPTED
    finally:
        signals.ignore()
        instance.stop(keep=keep)
    return int(keep)


def play(story: Story) -> bool:
    """Play all chapters and print the summary; True when all went as expected."""
    print(f"ready at {story.instance.api}")
    story.table.head()
    try:
        for chapter in CHAPTERS:
            chapter(story)
    except Broken:
        print("The story ends here, because what follows rests on that step.")
    print(f"\n{story.table.summary()}")
    if story.table.differences:
        print(f"logs: {story.instance.logs}")
    return not story.table.differences


if __name__ == "__main__":
    sys.exit(main())
