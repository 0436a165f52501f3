"""The catalog of features: what it finds, what it can be narrowed to, and that a page costs a page."""

from core.features.values import VersionState
from tests.pages.conftest import Furnished, furnished

__all__ = ["furnished"]


def test_a_feature_is_found_by_its_reference_and_by_every_word(furnished: Furnished) -> None:
    portal, mei = furnished.portal, furnished.people.engineer
    assert [item.name for item in portal.feature_catalog.catalog(mei, query="carrier_delay.late_share").items] == [
        "late_share"
    ]
    assert portal.feature_catalog.catalog(mei, query="late carrier").total == 1
    assert portal.feature_catalog.catalog(mei, query="late weather").total == 0


def test_a_page_says_of_how_many_it_is_and_knows_its_distributions(furnished: Furnished) -> None:
    page = furnished.portal.feature_catalog.catalog(furnished.people.viewer, offset=1, limit=1)
    assert (len(page.items), page.total) == (1, 2)
    assert page.items[0].profile is not None


def test_use_state_and_owner_narrow_it(furnished: Furnished) -> None:
    portal, mei = furnished.portal, furnished.people.engineer
    assert portal.feature_catalog.catalog(mei, use="used").total == 2
    assert portal.feature_catalog.catalog(mei, use="unused").total == 0
    assert portal.feature_catalog.catalog(mei, use="live").total == 0
    assert portal.feature_catalog.catalog(mei, states=(VersionState.DRAFT,)).total == 0
    assert portal.feature_catalog.catalog(mei, owner=mei.person_id, entity="carrier").total == 2


def test_freshness_narrows_it_and_agrees_with_the_view(furnished: Furnished) -> None:
    portal, mei = furnished.portal, furnished.people.engineer
    (view,) = portal.feature_views.list_views(mei).items
    current = portal.feature_statistics.freshness(mei, view_id=view.id).verdict
    totals = {
        verdict: portal.feature_catalog.catalog(mei, fresh=verdict).total for verdict in ("fresh", "stale", "no data")
    }
    assert totals == {verdict: 2 if verdict == current else 0 for verdict in totals}
    portal.feature_views.create_view(mei, project="PROJ-1", name="empty", entity="carrier", keys=("carrier",))
    assert [item.view for item in portal.feature_catalog.catalog(mei, fresh="no data").items] == ["empty"]


def test_the_scope_tells_how_much_there_is_and_what_it_can_be_narrowed_to(furnished: Furnished) -> None:
    portal, mei = furnished.portal, furnished.people.engineer
    portal.feature_views.create_view(mei, project="PROJ-1", name="without_version", entity="airport", keys=("origin",))
    whole, every = portal.feature_catalog.catalog_scope(mei), portal.feature_catalog.catalog(mei)
    assert whole.entries == every.total == len(every.items)
    assert whole.features == sum(item.feature is not None for item in every.items) < whole.entries
    assert whole.views == portal.feature_views.list_views(mei).total
    assert (whole.entities, whole.owners) == (("airport", "carrier"), (mei.person_id,))


def test_another_team_finds_nothing(furnished: Furnished) -> None:
    assert furnished.portal.feature_catalog.catalog(furnished.people.outsider).total == 0
    assert furnished.portal.feature_catalog.catalog_scope(furnished.people.outsider).views == 0
