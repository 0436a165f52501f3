"""The bundle of the code editor belongs to its source, and says whose work it holds."""

import hashlib
import json
import re

from app.ui.code_editor.component import FOLDER

SOURCE = FOLDER / "source"
BUNDLE = (FOLDER / "bundle.js").read_text(encoding="utf-8")


def source_digest() -> str:
    files = [path for kind in ("*.js", "*.json") for path in sorted(SOURCE.glob(kind))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_the_bundle_was_made_of_the_source_that_stands_beside_it() -> None:
    assert f"sha256 {source_digest()}\n" in BUNDLE.partition("*/")[0], "run scripts/editor"


def test_the_bundle_names_its_packages_at_their_locked_versions_with_their_licenses() -> None:
    locked = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    versions = {name.rpartition("node_modules/")[2]: entry["version"] for name, entry in locked.items() if name}
    named = re.findall(r"^ \* ([\w@/-]+) (\d+\.\d+\.\d+) \((.+)\)$", BUNDLE, re.MULTILINE)
    wanted = json.loads((SOURCE / "package.json").read_text())["dependencies"]
    assert not set(wanted) - {name for name, _version, _license in named}
    assert not {(name, version) for name, version, _license in named} - set(versions.items())
    assert {license for _name, _version, license in named} == {"MIT"}
    assert BUNDLE.count("Permission is hereby granted, free of charge") == len(named)


def test_the_editor_asks_nobody_for_anything() -> None:
    code = BUNDLE.partition("*/")[2]
    assert not re.findall(r"\bfetch\(|XMLHttpRequest|WebSocket|importScripts|\beval\(|new Function", code)
    assert not [url for url in re.findall(r"https?://[\w./-]+", code) if url != "http://www.w3.org/2000/svg"]
