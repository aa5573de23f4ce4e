"""What the engine makes of damaged and odd photos, in a process that is watched: `python -m bench.face_robust`."""

import argparse
import contextlib
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench import odd_files, odd_pictures
from demo.photos import portrait
from face.engines.base import Engine, Reading
from face.engines.loading import NAMES, load
from face.errors import EngineFailed, Refusal
from face.photo import inspect

MODELS = Path(__file__).parents[1] / "var" / "models"
#: Seconds that are too long, and those after which the process is not waited for any more.
SLOW, GIVEN_UP = 2.0, 30.0
SEED = 20260301
FAMILIES = (
    odd_files.truncated,
    odd_files.flipped,
    odd_files.overwritten,
    odd_files.swapped,
    odd_files.bombs,
    odd_files.large,
    odd_files.exif,
    odd_files.nested,
    odd_files.no_photos,
    odd_pictures.modes,
    odd_pictures.shapes,
    odd_pictures.plain,
    odd_pictures.turned,
    odd_pictures.many_faces,
    odd_pictures.cut_faces,
    odd_pictures.sizes_and_light,
    odd_pictures.variants,
)
CRASHED, ENDLESS, NO_CODE = "CRASHED", "NEVER ANSWERED", "NO CODE"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one file: a code, seconds, and megabytes by which the process was larger than when warm."""

    code: str
    took_s: float
    grown_mb: float


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="fused", help=", ".join(NAMES))
    reader = Reader(parser.parse_args().engine)
    answers: dict[str, list[Answer]] = defaultdict(list)
    for at, (family, data) in enumerate(every(), 1):
        answers[family].append(reader.read(data))
        print(f"\r{at} files", end="", file=sys.stderr, flush=True)
    print(f"\r{'':<18}files  slowest s   grown MB", file=sys.stderr)
    for family, found in answers.items():
        codes = ", ".join(f"{count} {code}" for code, count in Counter(each.code for each in found).most_common())
        slowest, grown = max(each.took_s for each in found), max(each.grown_mb for each in found)
        print(f"{family:<18}{len(found):>5}{slowest:>11.2f}{grown:>11.0f}  {codes}", file=sys.stderr)
    print(json.dumps(figures([each for found in answers.values() for each in found])))


def every() -> Iterator[tuple[str, bytes]]:
    """Each file behind its family's name, made as it is asked for: some have megabytes."""
    for family in FAMILIES:
        name = family.__name__.replace("_", " ")
        for data in family(random.Random(f"{SEED} {name}")):  # noqa: S311 - nothing here is secret
            yield name, data


def figures(found: Sequence[Answer]) -> dict[str, Any]:
    """The counts of what must not be, and the largest growth."""
    return {
        "images": len(found),
        "crashed": sum(each.code == CRASHED for each in found),
        "over_2s": sum(each.took_s > SLOW or each.code == ENDLESS for each in found),
        "without_code": sum(each.code.startswith(NO_CODE) for each in found),
        "peak_mb": round(max(each.grown_mb for each in found), 1),
    }


class Reader:
    """A process that reads photos, started anew when it died."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.start()

    def start(self) -> None:
        """Start the process and wait until its engine is warm."""
        context = get_context("spawn")
        self.pipe, inner = context.Pipe()
        self.process = context.Process(target=serve, args=(inner, self.engine), daemon=True)
        self.process.start()
        # With this end closed here, the pipe ends when the process does.
        inner.close()
        self.pipe.recv()

    def read(self, data: bytes) -> Answer:
        """Let it read one file."""
        began = time.perf_counter()
        try:
            self.pipe.send_bytes(data)
            if self.pipe.poll(GIVEN_UP):
                answer: Answer = self.pipe.recv()
                return answer
            code = ENDLESS
        except (EOFError, ConnectionError):
            code = CRASHED
        took = time.perf_counter() - began
        self.process.kill()
        self.process.join()
        self.start()
        return Answer(code, took, 0.0)


def serve(pipe: Connection, name: str) -> None:
    """The process: photos in, answers out, until the pipe ends."""
    engine = load(name, MODELS)
    outcome(engine, portrait("obama"))
    warm = memory_mb("VmRSS")
    pipe.send(warm)
    while True:
        try:
            data = pipe.recv_bytes()
        except EOFError:
            return
        # Linux forgets the largest size so far; where that is not allowed, a family's figure is that of all before it.
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        began = time.perf_counter()
        code = outcome(engine, data)
        pipe.send(Answer(code, time.perf_counter() - began, memory_mb("VmHWM") - warm))


def outcome(engine: Engine, data: bytes) -> str:
    """As a worker does it: the check on arrival, then the engine."""
    try:
        found = inspect(data)
        read = found if isinstance(found, Refusal) else engine.describe(data)
    except EngineFailed:
        return "engine_failed"
    except Exception as error:  # noqa: BLE001 - whatever else comes out is what is looked for
        return f"{NO_CODE} {type(error).__name__}"
    return "reading" if isinstance(read, Reading) else f"{read.code} {read.data.get('reason', '')}".strip()


def memory_mb(kind: str) -> float:
    """This process's memory now (VmRSS) or at its largest (VmHWM); what getrusage says would include the parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(rf"{kind}:\s*(\d+) kB", status)
    return int(found.group(1)) / 1000 if found else 0.0


if __name__ == "__main__":
    main()
