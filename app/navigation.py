"""Every page of the portal, declared in one place: its section, title, icon, address and file. Pages are declared for
everyone on every run, so that a deep link meets the page and its checks, never a blank "not found"."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from core.foundation.errors import NotFound
from core.foundation.text import _

FOLDER = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True)
class PageCard:
    """A page. `url` is its path and its name here; hidden pages show one object, named by `?id=`. `menu` is the page
    of the sidebar that a hidden page belongs to."""

    section: str
    url: str
    title: str
    icon: str
    file: str
    menu: str = ""

    @property
    def is_hidden(self) -> bool:
        return bool(self.menu)

    @property
    def path(self) -> Path:
        return FOLDER / self.file


def _page(section: str, url: str, title: str, icon: str, file: str, menu: str = "") -> PageCard:
    return PageCard(section, url, title, f":material/{icon}:", file, menu)


HOME = "home"
BUILD, MODELS, RELEASE, ADMIN = _("Build"), _("Models"), _("Release"), _("Admin")

PAGES: tuple[PageCard, ...] = (
    _page("", HOME, _("Home"), "inbox", "home.py"),
    _page(BUILD, "requirements", _("Requirements"), "flag", "requirements/requirements.py"),
    _page(BUILD, "requirement", _("Requirement"), "flag", "requirements/requirement.py", "requirements"),
    _page(BUILD, "edit-requirement", _("Edit requirement"), "flag", "requirements/edit_requirement.py", "requirements"),
    _page(BUILD, "datasets", _("Datasets"), "database", "lake/datasets.py"),
    _page(BUILD, "dataset", _("Dataset"), "database", "lake/dataset.py", "datasets"),
    _page(BUILD, "dataset-diff", _("Compare snapshots"), "difference", "lake/dataset_diff.py", "datasets"),
    _page(BUILD, "import", _("Import"), "upload", "lake/import_report.py", "datasets"),
    _page(BUILD, "query", _("Query"), "terminal", "lake/query.py"),
    _page(BUILD, "features", _("Features"), "dataset", "features/features.py"),
    _page(BUILD, "feature-view", _("Feature view"), "dataset", "features/view.py", "features"),
    _page(BUILD, "new-feature-version", _("Feature editor"), "dataset", "features/editor.py", "features"),
    _page(BUILD, "materialization", _("Materialization"), "bolt", "features/materialization.py", "features"),
    _page(BUILD, "feature-parity", _("Parity"), "compare_arrows", "features/parity.py", "features"),
    _page(BUILD, "training-sets", _("Training sets"), "table_view", "training_sets/training_sets.py"),
    _page(BUILD, "training-set", _("Training set"), "table_view", "training_sets/training_set.py", "training-sets"),
    _page(
        BUILD,
        "new-training-set",
        _("New training set"),
        "table_view",
        "training_sets/new_training_set.py",
        "training-sets",
    ),
    _page(BUILD, "start-training", _("Start training"), "play_circle", "training/start_training.py"),
    _page(BUILD, "runs", _("Runs"), "model_training", "training/runs.py"),
    _page(BUILD, "run", _("Run"), "model_training", "training/run.py", "runs"),
    _page(BUILD, "sweeps", _("Sweeps"), "tune", "sweeps/sweeps.py"),
    _page(BUILD, "sweep", _("Sweep"), "tune", "sweeps/sweep.py", "sweeps"),
    _page(BUILD, "start-sweep", _("Start a sweep"), "tune", "sweeps/start_sweep.py", "sweeps"),
    _page(BUILD, "job", _("Job"), "memory", "compute/job.py", "runs"),
    _page(MODELS, "models", _("Models"), "deployed_code", "registry/models.py"),
    _page(MODELS, "model", _("Model"), "deployed_code", "registry/model.py", "models"),
    _page(MODELS, "version", _("Model version"), "deployed_code", "registry/version.py", "models"),
    _page(MODELS, "evidence", _("Evidence"), "fact_check", "registry/evidence.py", "models"),
    _page(MODELS, "compare", _("Compare"), "compare_arrows", "registry/compare.py"),
    _page(RELEASE, "endpoints", _("Endpoints"), "cloud_done", "serving/endpoints.py"),
    _page(RELEASE, "endpoint", _("Endpoint"), "cloud_done", "serving/endpoint.py", "endpoints"),
    _page(RELEASE, "load-tests", _("Load tests"), "speed", "loadtests/load_tests.py"),
    _page(RELEASE, "load-test", _("Load test"), "speed", "loadtests/load_test.py", "load-tests"),
    _page(RELEASE, "promotions", _("Promotions"), "approval", "promotion/promotions.py"),
    _page(RELEASE, "promotion", _("Promotion review"), "approval", "promotion/promotion.py", "promotions"),
    _page(ADMIN, "audit", _("Audit"), "history", "audit/audit.py"),
    _page(ADMIN, "storage", _("Storage"), "hard_drive", "lake/garbage_collection.py"),
    _page(ADMIN, "people", _("People"), "group", "identity/people.py"),
)


@cache
def cards() -> dict[str, PageCard]:
    """Every page by its url."""
    return {card.url: card for card in PAGES}


def page(url: str, *, count: int = 0) -> Page:
    """The Streamlit page of a url, for links. `count` is shown in the sidebar where someone must act."""
    card = cards().get(url)
    if card is None:
        raise NotFound(_("There is no page called {url}").format(url=repr(url[:40])))
    title = f"{card.title} :gray-badge[{count}]" if count else card.title
    return st.Page(
        card.path,
        title=title,
        icon=card.icon,
        url_path=card.url,
        default=card.url == HOME,
        visibility="hidden" if card.is_hidden else "visible",
    )


def declare(*, counts: dict[str, int]) -> Page:
    """Declares all pages and returns the one the visitor asked for."""
    return st.navigation(sections(PAGES, counts=counts), expanded=True)


def sections(pages: Iterable[PageCard], *, counts: dict[str, int]) -> dict[str, list[Page]]:
    """The pages under their section's heading."""
    found: dict[str, list[Page]] = {}
    for card in pages:
        found.setdefault(card.section, []).append(page(card.url, count=counts.get(card.url, 0)))
    return found


def is_ours(target: str) -> bool:
    """Whether a path with its query is one of our pages, so that sign-in may return to it."""
    path, _mark, query = target.partition("?")
    plain = target.isascii() and target.isprintable() and "\\" not in target and len(target) <= 2000
    return plain and (path == "/" or (path.startswith("/") and path[1:] in cards())) and "#" not in query
