"""Any order of drafting, building, publishing, deprecating, retiring and going back: what is refused is what a small
model refuses, and the alias points where the model says."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.features.values import FeatureVersion
from core.foundation.errors import Conflict
from tests.effort import tries
from tests.features.drafting import Drafts, open_drafts

REASON = "Because it must be said."
VERDICTS = st.sampled_from((("pass",), ("pass", "fail"), ("no data",), ("inconclusive", "pass"), ()))
UNTIL = st.sampled_from(("draft", "staged", "published"))
WHICH = st.integers(0, 5)


@dataclass
class Known:
    """A version as the model knows it."""

    version: FeatureVersion
    state: str
    until: str
    verdicts: tuple[str, ...] = ()


class Lifecycles(RuleBasedStateMachine):
    drafts: Drafts

    def __init__(self) -> None:
        super().__init__()
        self.view = self.drafts.open_view()
        self.known: list[Known] = []
        self.alias: list[int] = []

    # What the model says.

    def live(self) -> int | None:
        return self.alias[-1] if self.alias and self.known[self.alias[-1]].state != "retired" else None

    def before(self) -> list[int]:
        """What was live before the present version first was, the last of it first."""
        first = self.alias.index(self.alias[-1]) if self.alias else 0
        return self.alias[:first][::-1]

    def point(self, number: int) -> None:
        if not self.alias or self.alias[-1] != number:
            self.alias.append(number)

    def pick(self, which: int) -> int:
        return which % len(self.known)

    def try_(self, action: str, allowed: bool, **arguments: object) -> bool:
        """Does it as Mei. The portal refuses exactly what the model refuses."""
        call = partial(
            getattr(self.drafts.portal.catalog()[f"features.{action}"][0], action),
            self.drafts.people.engineer,
            **arguments,
        )
        if allowed:
            call()
        else:
            with pytest.raises(Conflict):
                call()
        return allowed

    # What people and jobs do.

    @precondition(lambda self: len(self.known) < 6)
    @rule(until=UNTIL)
    def create(self, until: str) -> None:
        version = self.drafts.create(ttl_seconds=len(self.known) + 1, until=until)
        self.known.append(Known(version, "draft" if until == "draft" else "building", until))

    @precondition(lambda self: self.known)
    @rule(which=WHICH)
    def edit(self, which: int) -> None:
        entry = self.known[number := self.pick(which)]
        definition = self.drafts.definition(ttl_seconds=number + 1, description="Other words.")
        if self.try_("edit_draft", entry.state in ("draft", "failed"), version_id=entry.version.id, **definition):
            entry.state = "draft"

    @precondition(lambda self: self.known)
    @rule(which=WHICH, until=st.sampled_from(("staged", "published")))
    def build(self, which: int, until: str) -> None:
        entry = self.known[self.pick(which)]
        if self.try_("build_version", entry.state in ("draft", "failed"), version_id=entry.version.id, until=until):
            entry.state, entry.until = "building", until

    @precondition(lambda self: any(entry.state == "building" for entry in self.known))
    @rule(which=WHICH, verdicts=VERDICTS)
    def end(self, which: int, verdicts: tuple[str, ...]) -> None:
        building = [number for number, entry in enumerate(self.known) if entry.state == "building"]
        entry = self.known[number := building[which % len(building)]]
        self.drafts.built(entry.version, *verdicts)
        entry.state, entry.verdicts = "staged", verdicts
        if entry.until == "published" and set(verdicts) <= {"pass"}:
            entry.state = "published"
            self.point(number)

    @precondition(lambda self: any(entry.state == "building" for entry in self.known))
    @rule(which=WHICH)
    def break_(self, which: int) -> None:
        building = [entry for entry in self.known if entry.state == "building"]
        entry = building[which % len(building)]
        self.drafts.failed(entry.version)
        entry.state = "failed"

    @precondition(lambda self: self.known)
    @rule(which=WHICH, accept=st.sampled_from(("", REASON)))
    def publish(self, which: int, accept: str) -> None:
        entry = self.known[number := self.pick(which)]
        sure = set(entry.verdicts) <= {"pass"}
        checked = "fail" not in entry.verdicts and (sure or bool(accept))
        was = entry.state
        allowed = was == "deprecated" or (was == "staged" and checked)
        if self.try_("publish_version", allowed, version_id=entry.version.id, accept=accept):
            entry.state = "published"
            if was == "staged":
                self.point(number)

    @precondition(lambda self: self.known)
    @rule(which=WHICH)
    def deprecate(self, which: int) -> None:
        entry = self.known[self.pick(which)]
        if self.try_("deprecate_version", entry.state == "published", version_id=entry.version.id, reason=REASON):
            entry.state = "deprecated"

    @precondition(lambda self: self.known)
    @rule(which=WHICH)
    def retire(self, which: int) -> None:
        entry = self.known[number := self.pick(which)]
        others = any(other.state == "published" for other in self.known if other is not entry)
        allowed = entry.state == "deprecated" and not (others and self.live() == number)
        if self.try_("retire_version", allowed, version_id=entry.version.id, reason=REASON):
            entry.state = "retired"

    @precondition(lambda self: self.known)
    @rule(which=WHICH)
    def point_alias(self, which: int) -> None:
        entry = self.known[number := self.pick(which)]
        arguments = {"view_id": self.view, "version_id": entry.version.id, "reason": REASON}
        if self.try_("point_alias", entry.state == "published", **arguments):
            self.point(number)

    @rule()
    def roll_back(self) -> None:
        usable = [number for number in self.before() if self.known[number].state in ("published", "deprecated")]
        if self.try_("roll_back", bool(usable), view_id=self.view, reason=REASON):
            self.known[usable[0]].state = "published"
            self.point(usable[0])

    # What always holds.

    @invariant()
    def the_states_are_those_of_the_model(self) -> None:
        versions = self.drafts.portal.feature_versions.list_versions(self.drafts.people.viewer, view_id=self.view).items
        assert [version.state for version in reversed(versions)] == [entry.state for entry in self.known]

    @invariant()
    def the_alias_points_where_the_model_says(self) -> None:
        live = self.live()
        assert self.drafts.live == ("" if live is None else self.known[live].version.id)

    @invariant()
    def what_is_published_has_no_failed_check(self) -> None:
        assert not any("fail" in entry.verdicts for entry in self.known if entry.state in ("published", "deprecated"))


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafts]:
    opened = open_drafts(tmp_path_factory.mktemp("home"))
    yield opened
    opened.portal.foundation.database.close()


def test_versions_go_only_where_the_model_lets_them(drafts: Drafts) -> None:
    Lifecycles.drafts = drafts
    calm = settings(
        max_examples=tries(8, long=250),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(Lifecycles, settings=calm)
