"""The command: it runs the measurements, prints the table and, with ``--write``, keeps it in RESULTS.md."""

# ruff: noqa: T201 - printing is what it is for

from __future__ import annotations

import argparse
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import (
    against_json,
    against_others,
    growth,
    hostile,
    large_files,
    lint,
    machine,
    reports,
    scale,
    simulator,
    startup,
    terraform,
)
from benchmarks.dumps_and_plans import MEGABYTE
from benchmarks.table import as_markdown, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.table import Row

RESULTS = Path(__file__).with_name("RESULTS.md")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run everything and print the table."""
    options = _options(arguments)
    how_many = 500 if options.quick else 10_000
    with _simulator(download=options.with_simulator) as node_modules:
        rows = list(_progress(_rows(how_many, node_modules, quick=options.quick)))
        table, conditions = as_text(rows), machine.described(node_modules)
    print(f"{table}\n\n{conditions}")
    if options.write:
        RESULTS.write_text(_results(as_markdown(rows), conditions), "utf-8")
        print(f"written: {RESULTS.name}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description="Ratios, each measured side by side in one run."
    )
    parser.add_argument("--write", action="store_true", help="keep the table in benchmarks/RESULTS.md")
    parser.add_argument("--quick", action="store_true", help="500 generated policies and few runs of pytest")
    parser.add_argument(
        "--with-simulator",
        action="store_true",
        help=f"install {simulator.PACKAGE} (AGPL) with npm into a temporary folder and compare with it; "
        f"or let {simulator.VARIABLE} name a node_modules folder that has it",
    )
    return parser.parse_args(arguments)


def _rows(how_many: int, node_modules: Path | None, *, quick: bool) -> Iterator[Row]:
    yield from against_json.rows(how_many)
    yield from against_others.simulator_rows(node_modules, how_many)
    yield from against_others.parliament_rows(how_many)
    yield from lint.rows(how_many)
    yield from hostile.rows()
    yield from large_files.rows(2 * MEGABYTE if quick else 28 * MEGABYTE)
    yield from terraform.rows(500 if quick else terraform.FILES)
    yield from reports.rows()
    yield from startup.rows(runs=3 if quick else 11)
    yield from growth.rows(how_many)
    yield from scale.rows(how_many)


def _progress(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        print(".", end="", file=sys.stderr, flush=True)
        yield row
    print(file=sys.stderr)


@contextmanager
def _simulator(*, download: bool) -> Iterator[Path | None]:
    if not download or simulator.installed():
        yield simulator.installed()
        return
    with TemporaryDirectory() as folder:
        yield simulator.install(Path(folder))


def _results(table: str, conditions: str) -> str:
    about = (
        "Written by `python -m benchmarks --write`. Every row is a ratio of two things that were measured side by\n"
        "side in the same run: round by round in turn, medians, after a warm-up, without garbage collection. Only\n"
        "the ratios can be compared between machines."
    )
    listed = "\n".join(f"- {line}" for line in conditions.splitlines())
    return f"# Benchmarks\n\n{about}\n\n{listed}\n\n{table}\n"


if __name__ == "__main__":
    main()
