"""The house style is a test: sizes, nesting, keyword-only arguments, docstrings, names, and what may be imported."""

import ast
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(path for folder in ("app", "core", "pages") for path in (ROOT / folder).rglob("*.py"))
MIGRATIONS = ROOT / "core/foundation/migrations/versions"
PRODUCT = [path for path in CODE if not path.is_relative_to(MIGRATIONS)]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
LONGEST_FILE, LONGEST_PAGE, LONGEST_FUNCTION, MEDIAN_FUNCTION, DEEPEST = 350, 120, 50, 8, 2
# The signatures of click, SQLAlchemy and Alembic, and one that reads as a sentence.
FOREIGN = {"convert", "process_bind_param", "process_result_value", "written", "keep_rows", "link"}
CARRIERS = {"self", "cls", "session", "call", "connection", "context", "foundation", "portal"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.While, ast.Try, ast.Match, ast.AsyncFor)


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def parsed(source: str) -> ast.Module:
    """The syntax of a file, read once for all rules."""
    return ast.parse(source)


@cache
def nodes_in(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All there is in it, found once for all rules."""
    return tuple(ast.walk(tree))


def tree_of(path: Path) -> ast.Module:
    return parsed(text_of(path))


def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return nodes_in(tree_of(path))


@cache
def functions(path: Path) -> tuple[Function, ...]:
    return tuple(node for node in nodes_of(path) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def depth(node: ast.AST, level: int = 0) -> int:
    """How deep branches and loops are nested. A `with` branches nowhere, an elif is the same level as its if, and a
    nested function begins anew."""
    deepest = level
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda | ast.ClassDef):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        deepest = max(deepest, depth(child, level + (isinstance(child, BLOCKS) and not is_elif)))
    return deepest


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def of_each_file(paths: Sequence[Path]) -> Callable[[Callable[[Path], None]], Callable[[str], None]]:
    """Makes a rule about a file a test with a case for each folder: thousands of cases of a millisecond would take
    longer to be told about than to run."""
    files = defaultdict(list)
    for path in paths:
        files[named(path.parent)].append(path)

    def decorate(rule: Callable[[Path], None]) -> Callable[[str], None]:
        @pytest.mark.parametrize("folder", sorted(files))
        def test(folder: str) -> None:
            for path in files[folder]:
                with naming(path):
                    rule(path)

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return decorate


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """A rule that is broken says by which file."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{named(path)}: {error}") from error


@of_each_file(PRODUCT + TESTS)
def test_a_file_keeps_to_its_length(path: Path) -> None:
    limit = LONGEST_PAGE if path.is_relative_to(ROOT / "pages") else LONGEST_FILE
    assert len(text_of(path).splitlines()) <= limit


@of_each_file(PRODUCT)
def test_functions_are_short_and_flat(path: Path) -> None:
    for function in functions(path):
        assert lines_of(function) <= LONGEST_FUNCTION, function.name
        assert depth(function) <= DEEPEST, f"{function.name} is nested {depth(function)} deep"


def test_the_median_function_is_short() -> None:
    lengths = [lines_of(function) for path in PRODUCT for function in functions(path)]
    assert median(lengths) <= MEDIAN_FUNCTION


@of_each_file(PRODUCT)
def test_a_call_says_what_its_arguments_are(path: Path) -> None:
    """From the second argument on, what others call takes keywords. The session, call or context that an argument
    belongs to does not count; neither do the protocols of libraries and of Python itself."""
    for function in functions(path):
        positional = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        own = [name for name in positional if name not in CARRIERS]
        is_ours = function.name not in FOREIGN and not function.name.startswith("_") and not function.decorator_list
        assert not is_ours or len(own) <= 2, f"{function.name}({', '.join(positional)})"


@of_each_file(PRODUCT)
def test_a_module_says_why_it_exists(path: Path) -> None:
    tree = tree_of(path)
    assert not tree.body or ast.get_docstring(tree)


@of_each_file(PRODUCT + TESTS)
def test_names_are_words_of_the_field(path: Path) -> None:
    assert not BANNED_NAMES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


@of_each_file(PRODUCT)
def test_no_module_assigns_a_lone_underscore(path: Path) -> None:
    """`_` is the translation of text; as a name for what is thrown away it would shadow it."""
    for node in nodes_of(path):
        assert not (isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)), node.lineno


def test_every_folder_of_the_code_is_a_package() -> None:
    folders = {path.parent for path in PRODUCT if not path.is_relative_to(ROOT / "pages")}
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_every_dependency_says_why_it_is_there() -> None:
    text = text_of(ROOT / "pyproject.toml")
    block = text.partition("dependencies = [\n")[2].partition("\n]\n")[0]
    assert all("#" in line for line in block.splitlines() if line.strip().startswith('"'))


def test_the_lock_file_covers_every_dependency_but_torch() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {entry.split(";")[0].split("[")[0].strip().split("=")[0].split("<")[0].split(">")[0] for entry in wanted}
    locked = (ROOT / "requirements.lock").read_text("utf-8").lower()
    missing = {name for name in names if f"\n{name.lower()}==" not in f"\n{locked}"}
    assert missing == {"torch"}


def test_the_project_names_no_machine() -> None:
    """No path of one machine, in any file that is tracked."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in tracked.splitlines() if not name.endswith((".lock", ".woff2", ".png"))]
    text = {file: file.read_text("utf-8", errors="ignore") for file in files if file.exists()}
    words = ("/" + "root/", "/" + "work/", "/home/" + "user")
    assert not [named(file) for file, content in text.items() if any(word in content for word in words)]
