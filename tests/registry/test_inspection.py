"""Looking into a model file takes no more than it may, whatever the file asks for."""

import resource

import onnx
import pytest

from core.foundation.errors import Invalid
from core.foundation.settings import Settings
from core.portal import Portal
from core.registry.inspection import SMALL_BYTES, FileLimits, inspected, inspection_of, safe_signature
from tests.conftest import People
from tests.installed import installed
from tests.registry.attack_models import endless, expanding, nested, swelling
from tests.registry.onnx_files import FEATURES, tiny_model

MB = 1024


def test_a_large_file_is_looked_into_elsewhere_and_a_small_one_here_with_the_same_outcome() -> None:
    content = padded(tiny_model(), SMALL_BYTES)
    assert len(content) > SMALL_BYTES
    assert inspection_of(content) == inspected(content)
    assert [entry.name for entry in safe_signature(content).inputs] == list(FEATURES)
    without_output = onnx.load_from_string(tiny_model())
    del without_output.graph.output[:]
    with pytest.raises(Invalid, match="gives nothing"):
        safe_signature(padded(without_output.SerializeToString(), SMALL_BYTES))


def padded(model: bytes, size: int) -> bytes:
    """The same model with a description of so many letters."""
    document = onnx.load_from_string(model)
    document.doc_string = "x" * size
    return document.SerializeToString()


def test_a_file_that_swells_when_it_is_read_costs_the_portal_nothing() -> None:
    """24 MB of empty parts are several GB once they are read."""
    content, before = swelling(12_000_000), peak_mb()
    with pytest.raises(Invalid, match="takes more than 256 MB or 60 s") as refused:
        inspection_of(content, limits=FileLimits(memory_mb=256, seconds=60))
    assert refused.value.field == "content"
    assert peak_mb() - before < 100


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


@pytest.mark.parametrize("depth", [20, 50, 5_000])
def test_branches_in_branches_get_a_typed_answer(depth: int) -> None:
    with pytest.raises(Invalid):
        safe_signature(nested(depth))


def test_what_costs_nothing_to_look_at_is_left_to_the_limits_of_its_server() -> None:
    """Looking runs nothing: the constant is not made, and the loop does not turn."""
    for content in (expanding(300_000_000), endless()):
        assert [entry.name for entry in safe_signature(content).inputs] == list(FEATURES)
    assert [finding.code for finding in inspected(endless()).report.findings] == ["loop"]


def test_an_upload_is_limited_by_the_settings(settings: Settings) -> None:
    small = settings.model_copy(update={"model_file_memory_mb": 256, "model_file_seconds": 1.0})
    with installed(small) as (portal, people), pytest.raises(Invalid, match="more than 256 MB or 1 s"):
        upload(portal, people)


def upload(portal: Portal, people: People) -> None:
    portal.uploads.upload_version(
        people.engineer, project="PROJ-1", model="m1", filename="a.onnx", content=swelling(2_000_000)
    )
