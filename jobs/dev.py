"""`make run`: starts a whole instance for development and stops every part of it; `--exec` serves a single command."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jobs.local import signals
from jobs.local.exec import die_with
from jobs.local.instance import Instance, Options
from jobs.local.process import StartError
from jobs.local.throwaway import run_with_servers

LAST_PORT = 65535


def main(argv: Sequence[str] | None = None) -> int:
    """Runs until told to stop; every failure is one line."""
    own, command = divided(sys.argv[1:] if argv is None else argv)
    choices = parser().parse_args(own)
    if choices.exec != bool(command):
        parser().error("--exec and -- COMMAND belong together")
    if choices.with_parent:
        die_with(os.getppid(), signal.SIGTERM)
    signals.raise_stop_asked()
    try:
        if choices.exec:
            return run_with_servers(choices.folder, command)
        return run(Instance(options(choices), say))
    except StartError as error:
        signals.ignore()
        print(f"daogang: {error}", file=sys.stderr)
        return 1
    except signals.StopAsked:
        return 0


def run(instance: Instance) -> int:
    """Starts, watches and stops an instance."""
    try:
        instance.start()
        show(instance)
        while True:
            instance.watch()
    except signals.StopAsked:
        say("stopping")
    finally:
        signals.ignore()
        instance.stop()
    say("stopped")
    return 0


def show(instance: Instance) -> None:
    """Prints what a person needs to begin: the accounts, the addresses, the logs and the way out."""
    folder = instance.options.folder
    lines = [
        f"  API             {instance.address}",
        f"  documentation   {instance.address}/api/docs",
        f"  fake WeChat     {instance.wechat}",
        f"  filing system   {instance.sources['FILING']}",
        f"  certificates    {instance.sources['CERTIFICATES']}",
        f"  logs            {folder / 'log'}",
    ]
    print(instance.accounts, *lines, f"Ctrl-C stops everything; the data stays in {folder}.", sep="\n", flush=True)


def say(line: str) -> None:
    """Prints one line of progress."""
    print(line, flush=True)


def divided(argv: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Our own arguments, and the command behind `--`."""
    place = list(argv).index("--") if "--" in argv else len(argv)
    return argv[:place], argv[place + 1 :]


def options(choices: argparse.Namespace) -> Options:
    """The choices as one value."""
    return Options(
        folder=choices.folder,
        host=choices.host,
        port=choices.port,
        workers=choices.workers,
        demo_data=choices.demo_data,
        durable=choices.durable,
        clock=choices.clock,
    )


def port_number(text: str) -> int:
    """A number that can be a port."""
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port: a number from 0 to {LAST_PORT}")
    return int(text)


def instant(text: str) -> str:
    """A time with its zone, as the setting wants it."""
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise argparse.ArgumentTypeError(f"{text} is not a time with its zone, as in 2026-03-02T07:00:00+08:00")
    return text


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(prog="python -m jobs.dev", description=__doc__)
    command.add_argument("--folder", type=Path, default=Path("var"), help="where data and logs are (var)")
    command.add_argument("--host", default="127.0.0.1", help="the address the API listens on (127.0.0.1)")
    command.add_argument("--port", type=port_number, default=8000, help="the API's port (8000); 0 chooses a free one")
    command.add_argument("--workers", type=int, help="verification workers (one a core)")
    command.add_argument("--clock", type=instant, metavar="TIME", help="when business time begins, which then moves")
    command.add_argument("--no-demo-data", dest="demo_data", action="store_false", help="leave the database empty")
    command.add_argument("--not-durable", dest="durable", action="store_false", help="faster; a crash loses the data")
    command.add_argument("--with-parent", action="store_true", help="stop when the program that started this one ends")
    command.add_argument(
        "--exec", action="store_true", help="only run the command after -- with empty servers of its own"
    )
    return command


if __name__ == "__main__":
    sys.exit(main())
