"""The texts of Python's standard library: which part of it a docstring is from. They are read from the installation
that runs, so their number depends on the version of Python."""

import ast
import json
import sysconfig
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from app.demonstration.chain import Attempt, Example, steps_of
from app.demonstration.walk import Demonstration
from core.features.training_sets.values import EntityQuery
from core.foundation.text import N_

AREAS = {
    "windows and drawing": "tkinter turtle turtledemo",
    "network": "asyncio email ftplib http imaplib ipaddress mailbox poplib smtplib socket socketserver ssl urllib",
    "tests and debugging": "bdb cProfile doctest inspect pdb pydoc trace traceback unittest",
    "numbers and dates": "_pydatetime _pydecimal calendar colorsys datetime fractions numbers random statistics uuid",
    "processes and threads": "concurrent multiprocessing queue sched subprocess threading",
    "files and archives": "bz2 codecs encodings fileinput glob gzip lzma pathlib shutil tarfile tempfile zipfile _pyio",
}
LEAST_LETTERS = 40
# Of a text so many are read: what it is about stands at its beginning.
WORDS = 80
Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def content() -> bytes:
    """JSON lines of the texts, each once: where it stands, its area, and the text."""
    texts: dict[str, dict[str, str]] = {}
    for area, modules in AREAS.items():
        for place, text in _docstrings(modules.split()):
            texts.setdefault(text, {"place": place, "area": area, "text": text})
    return "\n".join(json.dumps(row) for text, row in texts.items() if len(text) >= LEAST_LETTERS).encode()


def _docstrings(modules: Iterable[str]) -> Iterator[tuple[str, str]]:
    library = Path(sysconfig.get_path("stdlib"))
    for path in chain.from_iterable(_files_of(library / module) for module in modules):
        name = path.relative_to(library)
        if "test" not in name.parts:
            yield from _docstrings_in(path, name=str(name))


def _files_of(module: Path) -> list[Path]:
    """Those of a package, or the one of a module; none of what this Python does not have."""
    single = module.with_suffix(".py")
    return sorted(module.rglob("*.py")) or ([single] if single.exists() else [])


def _docstrings_in(path: Path, *, name: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield f"{name}:{getattr(node, 'lineno', 0)}", text


def entity(snapshot_id: str) -> EntityQuery:
    return EntityQuery(
        sql="SELECT * FROM docstrings",
        sources={"docstrings": snapshot_id},
        row_id="place",
        label="area",
        task="multi_class",
        texts=("text",),
    )


DOCSTRINGS = Demonstration(
    name="docstrings",
    title=N_("Docstrings"),
    shows=N_("Texts of six parts of Python's library"),
    seconds=75,
    steps=steps_of(
        Example(
            name="docstrings",
            description=N_("Docstrings of the standard library of the Python that runs the portal, each text once."),
            filename="docstrings.jsonl",
            content=content,
            entity=entity,
            split_by="stratified",
            model="docstring-area",
            question=N_("Which part of the standard library is a docstring from?"),
            attempts=(
                Attempt("text", N_("Words"), {"ngram": 1, "words": WORDS}),
                Attempt("text", N_("Words and pairs of words"), {"ngram": 2, "words": WORDS}),
            ),
        )
    ),
)
