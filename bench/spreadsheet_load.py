"""How long a large spreadsheet takes, on a PostgreSQL of its own: `python -m bench.spreadsheet_load --rows 50000`."""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
from openpyxl import Workbook
from stdnum.cn import ric, uscc

from jobs.local.throwaway import throwaway

ROOT = Path(__file__).parents[1]
HEADERS = ("姓名", "证件类型", "证件号码", "手机号码", "单位名称", "统一社会信用代码", "入职日期", "离职日期")
UNITS = 500
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
#: How often the memory of the loading process is looked at.
LOOK_S = 0.05


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="how many people")
    rows: int = parser.parse_args().rows
    with throwaway(ROOT / "var") as env:
        people = [HEADERS, *_people(rows)]
        folder = Path(env["DAOGANG_PHOTO_DIR"]).parent
        book, text = folder / "people.xlsx", folder / "people.csv"
        _write(people, book, text)
        _typed(env, "migrate")
        seconds, memory = _import(env, book, f"{rows} created")
        again, memory_again = _import(env, book, f"{rows} unchanged")
        as_csv, memory_csv = _import(env, text, f"{rows} unchanged")
        with text.open("w", encoding="gbk", newline="") as file:
            csv.writer(file).writerows([HEADERS, *[("张", "x", "1", "2", "某", "3", "4", "5")] * rows])
        wrong, memory_wrong = _import(env, text, f"{rows} refused")
    figures = {"rows": rows, "seconds": seconds, "again_seconds": again, "csv_seconds": as_csv, "wrong_seconds": wrong}
    print(json.dumps({**figures, "rss_mb": max(memory, memory_again, memory_csv, memory_wrong)}))


def _people(count: int) -> list[tuple[str, ...]]:
    """So many people of some units; the numbers check, and their district does not exist."""
    chance = random.Random(1)  # noqa: S311 - the same people each time
    stems = [f"91310115MA{at:07d}" for at in range(UNITS)]
    codes = [stem + uscc.calc_check_digit(stem) for stem in stems]
    rows = []
    for at in range(count):
        stem = f"999{at // 900:03d}19{chance.randrange(65, 99)}{chance.randrange(1, 13):02d}15{at % 900 + 100:03d}"
        name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=2))
        unit = chance.randrange(UNITS)
        number = stem + str(ric.calc_check_digit(f"{stem}0"))
        rows.append((name, "居民身份证", number, f"138{at:08d}", f"示范建设{unit}", codes[unit], "2026-01-05", ""))
    return rows


def _write(rows: list[tuple[str, ...]], book: Path, text: Path) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("人员")
    for row in rows:
        sheet.append(row)
    workbook.save(book)
    with text.open("w", encoding="gbk", newline="") as file:
        csv.writer(file).writerows(rows)


def _import(env: dict[str, str], file: Path, told: str) -> tuple[float, float]:
    """Seconds and peak megabytes of the command as an operator types it."""
    began = time.perf_counter()
    output, memory = _typed(env, "import", "people", str(file))
    took = round(time.perf_counter() - began, 1)
    if told not in output:
        sys.exit(f"{file.name}: {output}")
    print(f"{file.name:<12}{took:>8} s{memory:>8} MB  {output.strip()}", file=sys.stderr)
    return took, memory


def _typed(env: dict[str, str], *words: str) -> tuple[str, float]:
    argv = [sys.executable, "-m", "service.cli", *words]
    quiet = open(os.devnull, "wb")  # noqa: PTH123, SIM115 - closed with the process
    with quiet, subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=quiet, text=True) as process:
        peak, watched = 0.0, psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                break
            time.sleep(LOOK_S)
        output = process.communicate()[0]
    return output, round(peak, 1)


if __name__ == "__main__":
    main()
