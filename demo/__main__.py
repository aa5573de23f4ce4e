"""`make demo`: an instance of its own, played over HTTP by the people of a building site; exits 1 at a difference."""

import sys

from demo import steps_face, steps_faults, steps_place, steps_reach, steps_setup
from demo.instance import NotStarted, Throwaway
from demo.story import Broken, Story
from demo.table import Table
from jobs.local import signals

CHAPTERS = (steps_setup.play, steps_place.play, steps_face.play, steps_faults.play, steps_reach.play)
INTERRUPTED = 130


def main() -> int:
    """Start, play, tell, stop."""
    print(
        "Daogang, the demo: starts an instance of its own and plays a day on a site over HTTP, in less than a minute."
    )
    signals.raise_stop_asked()
    instance, table = Throwaway(), Table()
    kept = False
    try:
        instance.start()
        kept = not play(Story(instance, table))
    except NotStarted as error:
        print(f"the instance did not start: {error}", file=sys.stderr)
        return 1
    except signals.StopAsked:
        return INTERRUPTED
    finally:
        signals.ignore()
        instance.stop(keep=kept)
    return int(kept)


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
