"""The feature platform beside its peers: training sets, the online store, the sandbox. Every figure is the median of
runs that took turns with the peer's, in processes of their own; ratios are what to trust on a busy machine.

    scripts/bench features [--only join|online|sandbox] [--large] [--rows N] [--feast-rows N] [--rounds N]

Feast comes with its own environment, made in the user's cache when it is first asked for."""

import argparse
from importlib import import_module
from importlib.util import find_spec

from tests.bench.joins import measure as joins
from tests.bench.measuring.lines import Line, print_table

PARTS = ("join", "online", "sandbox")
FOLDERS = {"online": "online", "sandbox": "sandboxing"}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench features")
    parser.add_argument("--only", choices=PARTS, help="measure one part")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the synthetic join")
    parser.add_argument("--feast-rows", type=int, default=100_000, help="rows that Feast joins; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; the median counts")
    parser.add_argument("--large", action="store_true", help="also 10 million rows, for the memory")
    chosen = parser.parse_args(arguments)
    lines: list[Line] = []
    for part in [chosen.only] if chosen.only else PARTS:
        lines += _measured(part, chosen)
    print_table(lines)


def _measured(part: str, chosen: argparse.Namespace) -> list[Line]:
    if part == "join":
        return joins.measure(rows=chosen.rows, feast_rows=chosen.feast_rows, rounds=chosen.rounds, large=chosen.large)
    name = f"tests.bench.{FOLDERS[part]}.measure"
    return list(import_module(name).measure()) if find_spec(name) else []


if __name__ == "__main__":
    main()
