"""`make bench`: all benchmarks one after the other, each alone on the machine; their figures go to var/bench/."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "var" / "bench"
BENCHMARKS = (
    "face_speed",
    "face_accuracy",
    "face_search",
    "face_robust",
    "face_memory",
    "checkin_load",
    "month",
    "crosscheck_night",
    "spreadsheet_load",
)
# Needs photos that are not in this repository.
WITH_PHOTOS = "face_accuracy"


def main() -> int:
    """Run them; 1 if one of them did not end well, though the others are run all the same."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="DIR", help=f"DIR/<person>/<image>, for {WITH_PHOTOS}")
    photos: Path | None = parser.parse_args().photos
    FOLDER.mkdir(parents=True, exist_ok=True)
    summary = [run(name, photos) for name in BENCHMARKS]
    print("\n".join(["", *(line for line, _ in summary), f"figures: {FOLDER}"]), file=sys.stderr)
    return int(not all(well for _, well in summary))


def run(name: str, photos: Path | None) -> tuple[str, bool]:
    """A line of the summary, and whether all is well; its tables go to stderr as they come."""
    if name == WITH_PHOTOS and photos is None:
        return f"{name:<16}left out: it needs PHOTOS=DIR", True
    print(f"\n{name}\n{'-' * len(name)}", file=sys.stderr, flush=True)
    arguments = [str(photos)] if name == WITH_PHOTOS else []
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], stdout=subprocess.PIPE, check=False)
    took = f"{time.monotonic() - began:.0f} s"
    figures = last_object(ended.stdout.decode())
    if ended.returncode or figures is None:
        return f"{name:<16}FAILED after {took}", False
    (FOLDER / f"{name}.json").write_text(json.dumps(figures) + "\n", encoding="utf-8")
    return f"{name:<16}{took:>8}  {shown(figures)}", True


def last_object(printed: str) -> dict[str, Any] | None:
    """The JSON object in the last line, None when there is none."""
    try:
        figures = json.loads(printed.strip().rpartition("\n")[2])
    except ValueError:
        return None
    return figures if isinstance(figures, dict) else None


def shown(figures: dict[str, Any]) -> str:
    """The plain figures of one benchmark; lists and tables are in its file."""
    return ", ".join(f"{key} {value}" for key, value in figures.items() if not isinstance(value, dict | list))


if __name__ == "__main__":
    sys.exit(main())
