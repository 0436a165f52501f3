"""Every page of the portal, declared in one place: its section, title, icon, address and file. Pages are declared for
everyone on every run, so that a deep link meets the page and its checks, never a blank "not found"."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from core.foundation.errors import NotFound
from core.foundation.text import N_, _
from core.identity.permissions import Permission

May = Callable[[Permission], bool]

FOLDER = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True)
class PageCard:
    """A page. `url` is its path and its name here; hidden pages show one object, named by `?id=`. `menu` is the page
    of the sidebar that a hidden page belongs to; who lacks the `permission` does not see a page in the sidebar."""

    section: str
    url: str
    title: str
    icon: str
    file: str
    menu: str = ""
    permission: Permission = Permission.READ

    @property
    def is_hidden(self) -> bool:
        return bool(self.menu)

    @property
    def path(self) -> Path:
        return FOLDER / self.file


def _page(
    section: str, url: str, title: str, icon: str, file: str, menu: str = "", *, asks: Permission = Permission.READ
) -> PageCard:
    return PageCard(section, url, title, f":material/{icon}:", file, menu, asks)


HOME = "home"
BUILD, MODELS, RELEASE, ADMIN = N_("Build"), N_("Models"), N_("Release"), N_("Admin")

PAGES: tuple[PageCard, ...] = (
    _page("", HOME, N_("Home"), "inbox", "home.py"),
    _page(BUILD, "requirements", N_("Requirements"), "flag", "requirements/requirements.py"),
    _page(BUILD, "requirement", N_("Requirement"), "flag", "requirements/requirement.py", "requirements"),
    _page(
        BUILD, "edit-requirement", N_("Edit requirement"), "flag", "requirements/edit_requirement.py", "requirements"
    ),
    _page(BUILD, "datasets", N_("Datasets"), "database", "lake/datasets.py"),
    _page(BUILD, "dataset", N_("Dataset"), "database", "lake/dataset.py", "datasets"),
    _page(BUILD, "dataset-diff", N_("Compare snapshots"), "difference", "lake/dataset_diff.py", "datasets"),
    _page(BUILD, "import", N_("Import"), "upload", "lake/import_report.py", "datasets"),
    _page(BUILD, "query", N_("Query"), "terminal", "lake/query.py", asks=Permission.FEATURE_SQL),
    _page(BUILD, "features", N_("Features"), "dataset", "features/features.py"),
    _page(BUILD, "feature-view", N_("Feature view"), "dataset", "features/view.py", "features"),
    _page(BUILD, "new-feature-version", N_("Feature editor"), "dataset", "features/editor.py", "features"),
    _page(BUILD, "materialization", N_("Materialization"), "bolt", "features/materialization.py", "features"),
    _page(BUILD, "feature-parity", N_("Parity"), "compare_arrows", "features/parity.py", "features"),
    _page(BUILD, "training-sets", N_("Training sets"), "table_view", "training_sets/training_sets.py"),
    _page(BUILD, "training-set", N_("Training set"), "table_view", "training_sets/training_set.py", "training-sets"),
    _page(
        BUILD,
        "new-training-set",
        N_("New training set"),
        "table_view",
        "training_sets/new_training_set.py",
        "training-sets",
    ),
    _page(BUILD, "start-training", N_("Start training"), "play_circle", "training/start_training.py", "runs"),
    _page(BUILD, "runs", N_("Runs"), "model_training", "training/runs.py"),
    _page(BUILD, "run", N_("Run"), "model_training", "training/run.py", "runs"),
    _page(BUILD, "sweeps", N_("Sweeps"), "tune", "sweeps/sweeps.py"),
    _page(BUILD, "sweep", N_("Sweep"), "tune", "sweeps/sweep.py", "sweeps"),
    _page(BUILD, "start-sweep", N_("Start a sweep"), "tune", "sweeps/start_sweep.py", "sweeps"),
    _page(BUILD, "job", N_("Job"), "memory", "compute/job.py", "runs"),
    _page(MODELS, "models", N_("Models"), "deployed_code", "registry/models.py"),
    _page(MODELS, "model", N_("Model"), "deployed_code", "registry/model.py", "models"),
    _page(MODELS, "version", N_("Model version"), "deployed_code", "registry/version.py", "models"),
    _page(MODELS, "upload-model", N_("Upload a model"), "upload", "registry/upload.py", "models"),
    _page(MODELS, "evidence", N_("Evidence"), "fact_check", "registry/evidence.py", "models"),
    _page(MODELS, "compare", N_("Compare"), "compare_arrows", "registry/compare.py"),
    _page(RELEASE, "endpoints", N_("Endpoints"), "cloud_done", "serving/endpoints.py"),
    _page(RELEASE, "endpoint", N_("Endpoint"), "cloud_done", "serving/endpoint.py", "endpoints"),
    _page(RELEASE, "load-tests", N_("Load tests"), "speed", "loadtests/load_tests.py"),
    _page(RELEASE, "load-test", N_("Load test"), "speed", "loadtests/load_test.py", "load-tests"),
    _page(RELEASE, "promotions", N_("Promotions"), "approval", "promotion/promotions.py"),
    _page(RELEASE, "promotion", N_("Promotion review"), "approval", "promotion/promotion.py", "promotions"),
    _page(ADMIN, "audit", N_("Audit"), "history", "audit/audit.py", asks=Permission.AUDIT_READ),
    _page(ADMIN, "storage", N_("Storage"), "hard_drive", "lake/garbage_collection.py", asks=Permission.GC),
    _page(ADMIN, "people", N_("People"), "group", "identity/people.py"),
)


@cache
def cards() -> dict[str, PageCard]:
    """Every page by its url."""
    return {card.url: card for card in PAGES}


def is_listed(card: PageCard, *, may: May) -> bool:
    """Whether the sidebar shows it to somebody who `may` do that."""
    return not card.is_hidden and may(card.permission)


def page(url: str, *, count: int = 0, visible: bool = False) -> Page:
    """The Streamlit page of a url, for links. `count` is shown in the sidebar where someone must act."""
    card = cards().get(url)
    if card is None:
        raise NotFound(_("There is no page called {url}").format(url=repr(url[:40])))
    title = _(card.title)
    title = f"{title} :gray-badge[{count}]" if count else title
    return st.Page(
        card.path,
        title=title,
        icon=card.icon,
        url_path=card.url,
        default=card.url == HOME,
        visibility="visible" if visible else "hidden",
    )


def declare(*, counts: dict[str, int], may: May, unknown: Page | None = None) -> Page:
    """Declares all pages and returns the one the visitor asked for; `unknown` stands at an address that is none. Those
    that the visitor `may` not open are left out of the sidebar, and say who may where an address names them."""
    pages = sections(PAGES, counts=counts, may=may)
    pages[""] += [unknown] if unknown else []
    return st.navigation(pages, expanded=True)


def sections(pages: Iterable[PageCard], *, counts: dict[str, int], may: May) -> dict[str, list[Page]]:
    """The pages under their section's heading."""
    by_section: dict[str, list[Page]] = {}
    for card in pages:
        entry = page(card.url, count=counts.get(card.url, 0), visible=is_listed(card, may=may))
        by_section.setdefault(_(card.section), []).append(entry)
    return by_section


def is_ours(target: str) -> bool:
    """Whether a path with its query is one of our pages, so that sign-in may return to it."""
    path, _mark, query = target.partition("?")
    plain = target.isascii() and target.isprintable() and "\\" not in target and len(target) <= 2000
    return plain and (path == "/" or (path.startswith("/") and path[1:] in cards())) and "#" not in query
