"""Which tests run one after the other in one process, and what begins first. What shares something slow to make (an
installation with a browser, a Spark server, the fixtures of a file) stays together; the longest groups begin first and
many small ones come last, so that all processes end at about the same time."""

from pathlib import PurePosixPath

# Two installations, one for what leads to a model and one for the rest, each about half of the time. A journey that
# needs less of what is made meanwhile comes earlier.
TO_A_MODEL = ("training", "models", "lineage_map", "lake", "what_was_made", "release")
BROWSER, SPARK, ACCESS, HOUSE = "tests/e2e/", "tests/features/engines/", "tests/access/", "tests/house/"
SPARK_BUILD = "tests/features/building/test_spark_build.py"


def group_of(nodeid: str) -> str:
    """The name of the group that a test belongs to: its file, in general."""
    file = nodeid.partition("::")[0]
    if file.startswith(BROWSER):
        return BROWSER + ("to-a-model" if leads_to_a_model(file) else "the-rest")
    if file.startswith(SPARK) or file == SPARK_BUILD:
        return SPARK
    # Thousands of short tests in few files: what one function tests.
    return nodeid.partition("[")[0] if file.startswith((ACCESS, HOUSE)) else file


def turn_of(nodeid: str) -> tuple[int, int]:
    """When a test has its turn: the smallest first."""
    file = nodeid.partition("::")[0]
    if file.startswith(BROWSER):
        return (0, TO_A_MODEL.index(journey(file))) if leads_to_a_model(file) else (1, 0)
    if group_of(nodeid) == SPARK:
        return 2, 0
    return (4 if file.startswith(ACCESS) else 5 if file.startswith(HOUSE) else 3), 0


def leads_to_a_model(file: str) -> bool:
    return journey(file) in TO_A_MODEL


def journey(file: str) -> str:
    return PurePosixPath(file).stem.removeprefix("test_")
