"""A model server beside forty lines of raw ASGI without any check, and beside the session in process, all over the same
model with as many columns as the flights of the demonstration, 64 connections, no gateway; and a call of a model of a
thousand columns in one tensor beside an input each. Ratios are medians of rounds in which all take their turn.

    scripts/bench serving [--seconds 1.5] [--rounds 7]"""

import argparse

from tests.bench.inference.measure import measure
from tests.bench.measuring.lines import print_table


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench serving")
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each is asked in a round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds; the median counts")
    chosen = parser.parse_args(arguments)
    print_table(measure(seconds=chosen.seconds, rounds=chosen.rounds))


if __name__ == "__main__":
    main()
