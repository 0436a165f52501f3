"""Plants faults and counts which the tests catch: a seeded sample over what must not be wrong, each fault tried with
the tests of its domain only, in a copy of the tree. Takes up to an hour.

    scripts/long mutants [--sample 300] [--seed 8] [--domain audit] [--minutes 60]
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from multiprocessing import get_context
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
COPY = "CAUSEWAY_COPY_WITH_FAULTS"
LEFT_OUT = (".git", ".venv", "shared", "__pycache__", ".*_cache")
# What tests import and no fault changes: loaded once, in the process that every run is forked from.
PRELOADED = ["pytest", "_pytest.assertion.rewrite", "sqlmodel", "alembic", "pydantic_settings", "numpy", "scipy.stats",
             "sklearn.metrics", "pyarrow.parquet", "onnx", "onnxruntime", "httpx", "cryptography"]  # fmt: skip
# Another operator between two names is an import that fails, nearly always in an annotation such as `str | None`.
SENSELESS = ("ReplaceBinaryOperator_BitOr", "RemoveDecorator")
# A run that takes this many times as long as without a fault, and half a minute more, hangs.
PATIENCE, MORE_SECONDS = 3, 30
QUICK = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:warnings", "-k", "not postgresql"]


@dataclass(frozen=True)
class Domain:
    """Where faults are planted, and the tests that must catch them, those most likely to first."""

    name: str
    code: tuple[str, ...]
    tests: tuple[str, ...]


DOMAINS = (
    Domain(
        "actions",
        ("core/foundation/action*",),
        (
            "tests/foundation/test_actions.py",
            "tests/foundation/test_references.py",
            "tests/foundation/observability/test_actions.py",
            "tests/foundation/test_listings.py",
            "tests/audit/test_reading.py",
        ),
    ),
    Domain(
        "identity",
        ("core/identity",),
        ("tests/identity", "tests/foundation/test_actions.py", "tests/foundation/test_references.py"),
    ),
    Domain("audit", ("core/audit",), ("tests/audit",)),
    Domain(
        "statistics",
        ("core/tasks/measures/probabilities.py", "core/tasks/measures/claims.py"),
        ("tests/tasks/test_probabilities.py",),
    ),
    Domain(
        "promotion",
        ("core/promotion",),
        (
            "tests/promotion/evidence_kinds",
            "tests/promotion/gates",
            "tests/promotion/rollouts",
            "tests/promotion/approvals",
            "tests/promotion/policies",
            "tests/promotion/requests",
            "tests/promotion/test_story.py",
            "tests/promotion/test_events.py",
        ),
    ),
)


@dataclass(frozen=True)
class Fault:
    """The `occurrence`-th place in a file where an operator of cosmic-ray applies."""

    domain: str
    path: str
    line: int
    operator: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.operator.removeprefix('core/')}"


def faults_of(domain: Domain) -> Iterator[Fault]:
    """Every fault that can be planted in the domain."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    operators = [name for name in operator_names() if not any(word in name for word in SENSELESS)]
    plain = {name: get_operator(name)() for name in operators if not get_operator(name).arguments()}
    for file in files_of(domain):
        tree = get_ast_from_path(file)
        for name, operator in plain.items():
            places = ((node, start) for node in ast_nodes(tree) for start, _end in operator.mutation_positions(node))
            for occurrence, (node, (line, _column)) in enumerate(places):
                # The star before arguments that are given by name is no product.
                if node.parent is None or node.parent.type != "parameters":
                    yield Fault(domain.name, str(file), line, name, occurrence)


def files_of(domain: Domain) -> list[Path]:
    named = [path for pattern in domain.code for path in sorted(Path().glob(pattern))]
    return [file for path in named for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))]


def sampled(domains: tuple[Domain, ...], *, size: int, seed: int) -> list[Fault]:
    """As many of each domain, as far as there are, in turn, so that a run that is cut short has tried some of each. A
    line is hit once only as long as there are other lines."""
    random, chosen = Random(seed), []
    for domain in domains:
        faults = list(faults_of(domain))
        random.shuffle(faults)
        chosen.append(by_rarest_line(faults)[: size // len(domains)])
    return [fault for turn in zip_longest(*chosen) for fault in turn if fault is not None]


def by_rarest_line(faults: list[Fault]) -> list[Fault]:
    """First one fault of every line, then a second of every line, and so on."""
    times: Counter[tuple[str, int]] = Counter()
    rounds = []
    for fault in faults:
        times[fault.path, fault.line] += 1
        rounds.append((times[fault.path, fault.line], fault))
    return [fault for _round, fault in sorted(rounds, key=lambda pair: pair[0])]


def tests_for(domain: Domain, path: str) -> list[str]:
    """The tests of the domain, those that mirror the file first."""
    folder = Path(path).parent.name
    return sorted(domain.tests, key=lambda test: f"/{folder}" not in test)


def run_tests(tests: list[str]) -> None:
    """In a process of its own: pytest, and its verdict as the exit status."""
    import pytest

    os.setpgrp()
    # The plug-ins that happen to be installed take longer to load than most tests to run.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        os._exit(int(pytest.main([*QUICK, *tests])))


def verdict_of(tests: list[str], *, seconds: float) -> str:
    """What the tests make of the tree as it is: survived, killed or timed out."""
    process = get_context("forkserver").Process(target=run_tests, args=(tests,))
    process.start()
    process.join(seconds)
    if process.is_alive():
        assert process.pid is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        return "timed out"
    return "survived" if process.exitcode == 0 else "killed"


def tried(fault: Fault, domain: Domain, *, seconds: float) -> str:
    from cosmic_ray.mutating import use_mutation
    from cosmic_ray.plugins import get_operator

    with use_mutation(Path(fault.path), get_operator(fault.operator)(), fault.occurrence) as (_before, planted):
        return verdict_of(tests_for(domain, fault.path), seconds=seconds) if planted else "killed"


def seconds_of(domain: Domain) -> float:
    """How long the domain's tests take without a fault. They must pass."""
    began = time.monotonic()
    assert verdict_of(list(domain.tests), seconds=900) == "survived", f"the tests of {domain.name} fail as they are"
    return time.monotonic() - began


def run(options: Namespace) -> None:
    get_context("forkserver").set_forkserver_preload(PRELOADED)
    domains = {domain.name: domain for domain in DOMAINS if options.domain in ("", domain.name)}
    faults = sampled(tuple(domains.values()), size=options.sample, seed=options.seed)
    whole = {name: seconds_of(domain) for name, domain in domains.items()}
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in domains}
    survivors, end = [], time.monotonic() + options.minutes * 60
    for fault in faults:
        if time.monotonic() > end:
            break
        verdict = tried(fault, domains[fault.domain], seconds=PATIENCE * whole[fault.domain] + MORE_SECONDS)
        outcomes[fault.domain][verdict] += 1
        survivors += [fault] if verdict == "survived" else []
        print(f"{verdict:<10}{fault}", flush=True)
    show(outcomes, survivors)
    if (remaining := len(faults) - sum(outcomes.values(), Counter()).total()) > 0:
        print(f"\n{remaining} of the sample were not tried: the time was over.")


def show(outcomes: dict[str, Counter[str]], survivors: list[Fault]) -> None:
    columns = ("killed", "survived", "timed out")
    print(f"\n{'domain':<12}{'planted':>9}" + "".join(f"{column:>11}" for column in columns))
    for name, counts in {**outcomes, "together": sum(outcomes.values(), Counter())}.items():
        print(f"{name:<12}{counts.total():>9}" + "".join(f"{counts[column]:>11}" for column in columns))
    print("\nSurvivors:" if survivors else "\nNo survivor.", *survivors, sep="\n  ")


def in_a_copy(arguments: list[str]) -> int:
    """The same command in a copy of the tree: nobody's checkout has a fault in it, even after a power cut."""
    with tempfile.TemporaryDirectory(prefix="causeway-faults-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        environment = {**os.environ, COPY: "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.long.mutants", *arguments]
        return subprocess.run(command, cwd=copy, env=environment, check=False).returncode


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--domain", default="", choices=["", *(domain.name for domain in DOMAINS)])
    options = parser.parse_args()
    if COPY in os.environ:
        run(options)
    else:
        sys.exit(in_a_copy(sys.argv[1:]))


if __name__ == "__main__":
    main()
