"""The benchmark of the sandbox, on one round, so that it cannot rot; a busy machine decides its milliseconds, and only
the hard stop is held to its goal here."""

from tests.bench.sandboxing.measure import measure


def test_every_start_and_stop_is_measured() -> None:
    lines = measure(rounds=1)
    assert lines[0].name == "one query in landlock, to no sandbox"
    stops = [line for line in lines if line.name.startswith("stop of")]
    assert [line.met for line in stops] == [True, True]
