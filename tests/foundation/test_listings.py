"""A page has as many rows as were asked for, and the pages together are the whole list."""

import pytest

from core.foundation.errors import NotFound
from core.portal import Portal
from tests.conftest import People

CRITERIA = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)


@pytest.fixture
def ids(portal: Portal, people: People) -> list[str]:
    """Five requirements of one project and one of another, the newest first."""
    create = portal.requirements.create_requirement
    ids = [create(people.engineer, project="PROJ-1", title=f"Goal {n}", criteria=CRITERIA).id for n in range(5)]
    create(people.outsider, project="PROJ-2", title="Elsewhere", criteria=CRITERIA)
    return ids[::-1]


@pytest.mark.parametrize("size", [1, 2, 5, 200])
def test_pages_together_are_the_whole_list(portal: Portal, people: People, ids: list[str], size: int) -> None:
    pages = [
        portal.requirements.list_requirements(people.viewer, offset=offset, limit=size) for offset in range(0, 5, size)
    ]
    assert [len(page.items) for page in pages[:-1]] == [size] * (len(pages) - 1)
    assert sorted(row.id for page in pages for row in page.items) == sorted(ids)
    assert {(page.total, page.limit) for page in pages} == {(5, size)}
    assert [page.offset for page in pages] == list(range(0, 5, size))


@pytest.mark.parametrize("size", [1, 3, 6])
def test_pages_of_the_audit_log_together_are_the_whole_log(
    portal: Portal, people: People, ids: list[str], size: int
) -> None:
    pages = [portal.audit.list_events(people.sre, action="req", offset=at, limit=size) for at in range(0, 6, size)]
    assert [len(page.items) for page in pages] == [size] * (6 // size)
    assert [event.subject for page in pages for event in page.items][1:] == ids
    assert {page.total for page in pages} == {6}


def test_a_page_beyond_the_end_is_empty_and_still_knows_the_total(
    portal: Portal, people: People, ids: list[str]
) -> None:
    page = portal.requirements.list_requirements(people.viewer, offset=5, limit=5)
    assert (page.items, page.total) == ((), 5)


def test_a_list_keeps_to_the_project_that_is_named(portal: Portal, people: People) -> None:
    here = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="flights").id
    there = portal.datasets.create_dataset(people.outsider, project="PROJ-2", name="flights").id

    def listed(**filters: str) -> set[str]:
        return {row.id for row in portal.datasets.list_datasets(people.sre, **filters).items}

    assert listed() == {here, there}
    assert listed(project="PROJ-1") == {here}
    with pytest.raises(NotFound):
        portal.datasets.list_datasets(people.viewer, project="PROJ-2")
