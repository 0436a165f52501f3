"""The pages of training sets: found by name, read with what was answered, made again with what is newer."""

import json
from pathlib import Path

from core.foundation.digests import digest_bytes
from tests.compute.running import run_job_here
from tests.pages.conftest import Furnished
from tests.pages.running import code_of, drawn, page, text_of
from tests.upgrade.home import PEOPLE, upgraded


def test_a_set_shows_what_its_views_answered_and_its_manifest(furnished: Furnished) -> None:
    shown = text_of(page(furnished.portal, furnished.people.viewer, "training-set", id=furnished.training_set))
    assert "No view has late rows" in shown
    assert "Join results by view" in tab(furnished, "Answers")
    manifest = tab(furnished, "Manifest")
    assert "R1-R12, what was known" in manifest
    assert "polars" in manifest


def tab(furnished: Furnished, name: str) -> str:
    viewer = furnished.people.viewer
    return text_of(page(furnished.portal, viewer, "training-set", id=furnished.training_set, tab=name))


def test_the_manifest_that_is_taken_away_has_the_digest_of_the_set(furnished: Furnished) -> None:
    from core.foundation.digests import canonical

    training_set = furnished.portal.training_sets.get_training_set(
        furnished.people.viewer, training_set_id=furnished.training_set
    )
    assert training_set.manifest is not None
    assert digest_bytes(canonical(training_set.manifest)) == training_set.digest
    assert json.loads(canonical(training_set.manifest))["sources"].keys() == {"flights"}


def test_training_sets_are_found_by_name_and_state(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.viewer, "training-sets", q="LATE_arr")
    assert "late_arrivals" in text_of(test)
    assert "2 inputs" not in text_of(test)
    assert "4 inputs" in text_of(test)
    assert "No training set matches" in text_of(page(furnished.portal, furnished.people.viewer, "training-sets", q="%"))
    refused = page(furnished.portal, furnished.people.viewer, "training-sets", state="Refused")
    assert "No training set matches" in text_of(refused)


def test_a_set_is_made_again_like_another(furnished: Furnished) -> None:
    mei = furnished.people.engineer
    test = page(furnished.portal, mei, "new-training-set", like=furnished.training_set)
    assert "FROM flights" in code_of(test, "Rows (SQL)")
    assert [test.selectbox(key=f"role_{name}").value for name in ("id", "due", "late", "carrier", "distance")] == [
        "id", "moment", "label", "category", "number",
    ]  # fmt: skip
    test.query_params["step"] = "splits"
    assert str(drawn(test).date_input(key="split_test_end").value) == "2013-01-12"
    test.query_params["step"] = "join"
    drawn(test).button(key="join").click()
    test.run()
    before = furnished.portal.training_sets.get_training_set(mei, training_set_id=furnished.training_set)
    again = furnished.portal.training_sets.list_training_sets(mei, search=before.title, limit=1).items[0]
    assert again.id != before.id
    assert (again.entity, again.uses, again.asked) == (before.entity, before.uses, before.asked)


def test_a_version_that_is_not_published_is_marked_where_features_are_chosen(tmp_path: Path) -> None:
    with upgraded(tmp_path) as portal:
        mei = PEOPLE.engineer
        staged = portal.feature_views.create_view(
            mei, project="PROJ-1", title="Never published", entity="carrier", keys=("carrier",)
        )
        source = portal.feature_versions.get_version(mei, version_id="FEAT-1")
        version = portal.feature_drafts.create_version(
            mei, view_id=staged.id, sql=source.sql, sources=source.sources, event_time=source.event_time, until="staged"
        )
        assert run_job_here(portal, version.job_id).state == "succeeded"
        features = {"like": portal.training_sets.list_training_sets(mei, limit=1).items[0].id, "step": "features"}
        shown = text_of(page(portal, mei, "new-training-set", **features))
        assert f"v1 · carrier · {len(source.features)} features · Staged" in shown
        assert f"v1 · carrier · {len(source.features)} features\n" in shown
