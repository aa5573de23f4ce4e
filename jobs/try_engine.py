"""Loading the face engine of the settings once, to see whether it can be: `python -m jobs.try_engine`."""

import sys

from face.errors import EngineUnavailable
from jobs.runtime import process_deps


def main() -> None:
    """End with a sentence when the engine cannot be loaded."""
    try:
        process_deps().engine()
    except EngineUnavailable as error:
        sys.exit(f"daogang: the face engine cannot start: {error}")


if __name__ == "__main__":
    main()
