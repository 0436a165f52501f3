"""Rows of entities as a model server reads them: how often it looks features up, and where it says what is wrong."""

import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.features.online.opening import open_store
from core.features.online.store import Instants, Key, KeyAnswer
from core.features.online.stores.sqlite_store import SqliteStore
from core.features.values import FeatureContract, RequestField, ServedView
from core.foundation.errors import Invalid, Unavailable
from core.registry.signature import Signature
from core.serving.model_server.layout import Layout
from core.serving.model_server.lookup import WAIT_SECONDS, OnlineLookup
from core.serving.model_server.predict import EntityReader
from core.serving.server_spec import Limits

AT = "2013-01-15T00:00:00Z"
AT_US = 1_358_208_000_000_000


def view(name: str, **keys: str) -> ServedView:
    outputs = ((f"{name}_x", f"{name}_x", "number"), (f"{name}_c", f"{name}_c", "category"))
    return ServedView(
        version_id="FEAT-1",
        view=name,
        digest=name,
        rows_digest="",
        keys=tuple(keys.items()),
        outputs=outputs,  # type: ignore[arg-type]
        ttl_us=0,
        delay_us=0,
    )


CONTRACT = FeatureContract(
    event_time="at",
    row_id="id",
    request=(
        RequestField(name="k", kind="category", is_model_input=True),
        RequestField(name="n", kind="number", is_model_input=False),
    ),
    views=(view("one", k="k"), view("both", k="k", n="n"), view("none")),
)


@dataclass
class Recording:
    """Answers every key with its own hash, and remembers what was looked up."""

    calls: list[tuple[str, list[Key], Instants]] = field(default_factory=list)

    def find(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        self.calls.append((view.view, list(keys), at_us))
        return [KeyAnswer("present", (float(at), str(key)), at, None) for at, key in enumerate(keys)]


def read(rows: list[dict[str, Any]], lookup: Recording) -> Any:
    body = json.dumps({"rows": rows, "explain": True}).encode()
    layout = Layout(Signature.of_columns(CONTRACT.categories(), CONTRACT.numbers()).inputs)
    return EntityReader(CONTRACT, layout=layout, limits=Limits()).read(body, lookup=lookup)


def test_a_request_looks_every_view_up_once_at_the_instants_of_its_rows() -> None:
    lookup = Recording()
    rows = [{"id": f"r{at}", "at": f"2013-01-15T00:00:0{at}Z", "k": "ab"[at % 2], "n": at} for at in range(5)]
    entities = read(rows, lookup)
    instants = [AT_US + at * 1_000_000 for at in range(5)]
    assert lookup.calls == [
        ("one", [("a",), ("b",), ("a",), ("b",), ("a",)], instants),
        ("both", [("a", 0), ("b", 1), ("a", 2), ("b", 3), ("a", 4)], instants),
        ("none", [()] * 5, instants),
    ]
    assert entities.ids == ["r0", "r1", "r2", "r3", "r4"]
    assert entities.explained(3) == {
        "features": {
            **{"k": "b", "one_x": 3.0, "one_c": "('b',)", "both_x": 3.0, "both_c": "('b', 3)"},
            **{"none_x": 3.0, "none_c": "()"},
        },
        "lookups": [{"status": "present", "event_us": 3, "created_us": None}] * 3,
    }


class Failing(SqliteStore):
    """A store that has gone away until it is back."""

    is_gone, calls = True, 0

    def get(self, view: ServedView, keys: Sequence[Key], *, at_us: Instants) -> list[KeyAnswer]:
        self.calls += 1
        if self.is_gone:
            raise Unavailable("The online store does not answer: gone", hint="Try again.")
        return super().get(view, keys, at_us=at_us)


def test_a_store_that_does_not_answer_is_left_alone_for_a_moment(tmp_path: Path) -> None:
    store, now = Failing(tmp_path / "online.sqlite"), [100.0]
    lookup = OnlineLookup(store, clock=lambda: now[0])
    for moment in (100.0, 100.1, 101.9):
        now[0] = moment
        with pytest.raises(Unavailable, match="does not answer: gone"):
            lookup.find(CONTRACT.views[0], [("a",)], at_us=0)
    assert store.calls == 1
    now[0], store.is_gone = 102.0, False
    assert lookup.find(CONTRACT.views[0], [("a",)], at_us=0)[0].status == "not_found"
    assert store.calls == 2
    store.close()


def test_a_store_that_accepts_and_never_answers_holds_a_server_up_for_a_blink() -> None:
    """The request that finds out waits, those behind it are refused at once, and the loop is free for all others."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lookup = OnlineLookup(open_store(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        begun = time.monotonic()
        for _again in range(3):
            with pytest.raises(Unavailable, match="does not answer"):
                lookup.find(CONTRACT.views[0], [("a",)], at_us=0)
        assert WAIT_SECONDS < time.monotonic() - begun < 5 * WAIT_SECONDS


GOOD = {"at": AT, "k": "a", "n": 1}
WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "rows[1]: must be an object"),
    "a column is missing": ({"at": AT, "k": "a"}, "rows[1]: n missing"),
    "a column nobody knows": ({**GOOD, "id": "x", "more": 1}, "rows[1]: more unknown"),
    "a text for a number": ({**GOOD, "n": "1"}, "rows[1].n: '1' is no number"),
    "no time": ({**GOOD, "at": "soon"}, "rows[1].at: 'soon' is no time"),
    "a time without a zone": ({**GOOD, "at": "2013-01-15T00:00:00"}, "rows[1].at: the time has no zone"),
    "an id that is no text": ({**GOOD, "id": 1.5}, "id: must be a short text"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_before_anything_is_looked_up(case: str) -> None:
    row, message = WRONG[case]
    lookup = Recording()
    with pytest.raises(Invalid) as refusal:
        read([GOOD, row], lookup)
    assert (refusal.value.message, lookup.calls) == (message, [])
