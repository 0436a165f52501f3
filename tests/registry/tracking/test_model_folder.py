"""The folder as which MLflow's own client loads a model."""

from collections import UserDict
from pathlib import Path
from typing import Any

from core.registry.tracking.model_folder import write_model_folder
from tests.registry.onnx_files import tiny_model


class Overtaken(UserDict[str, str]):
    """What a folder says of itself, while somebody else writes the same folder."""

    def __init__(self, folder: Path, content: bytes) -> None:
        super().__init__()
        self.folder, self.content = folder, content

    def keys(self) -> Any:
        write_model_folder(self.folder, content=self.content, metadata={})
        return super().keys()


def test_two_who_want_a_version_at_once_write_one_folder(tmp_path: Path) -> None:
    folder, content = tmp_path / "versions" / "MV-1", tiny_model()
    write_model_folder(folder, content=content, metadata=Overtaken(folder, content))
    assert (folder / "MLmodel").is_file()
    assert [entry.name for entry in folder.parent.iterdir()] == ["MV-1"]
