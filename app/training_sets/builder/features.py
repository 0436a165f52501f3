"""The second step: which feature versions are joined, and in which columns their keys lie."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal, unless_changed
from app.training_sets.builder.columns import chosen_role
from app.training_sets.builder.draft import Draft, change, draft, prefix_of
from app.training_sets.builder.figures import histogram
from app.training_sets.builder.filters import filters
from app.training_sets.builder.keys import KeyGuess, candidates, guessed_keys
from app.training_sets.builder.steps import Rows
from app.training_sets.builder.views import offered, version_of, views_of
from app.ui import frame, links, numbers, status, tables
from app.ui.wording import counted
from core.features.training_sets.proposals.values import ColumnProposal
from core.features.values import FeatureVersion, FeatureView, VersionState, ViewUse
from core.foundation.text import N_, _

PAGE, FEW, MOST = 20, 4, 200
ALL, FIT, CHOSEN = "all", "fit", "chosen"
FILTERS = {ALL: N_("All"), FIT: N_("Fit these rows"), CHOSEN: N_("Chosen")}


def features_step(shown: Draft, rows: Rows) -> None:
    """The views, those that are chosen with their features and keys."""
    views = views_of(shown.project)
    if not views:
        frame.empty(
            _("No feature view can be joined yet"),
            advice=_("Go on with the columns of the rows alone, or publish a feature view first."),
            icon="dataset",
        )
        return
    fitting = {view.id for view in views if _fits(view, rows.columns)}
    used = {version_of(use.version_id).view_id for use in shown.uses}
    query, which = _filters({ALL: len(views), FIT: len(fitting), CHOSEN: len(used)})
    narrowed = {ALL: {view.id for view in views}, FIT: fitting, CHOSEN: used}[which]
    matching = [view for view in views if view.id in narrowed and _matches(view, query)]
    matching.sort(key=lambda view: (view.id not in used, view.id not in fitting))
    if not matching:
        tables.no_match(_("No view matches"), {"set_views_q": "", "set_views": ALL})
        return
    offset = tables.offset_of("set_views_page", size=PAGE)
    part = matching[offset if offset < len(matching) else 0 :][:PAGE]
    for view in part:
        uses = [number for number, use in enumerate(shown.uses) if version_of(use.version_id).view_id == view.id]
        for number in uses or [-1]:
            _view(view, rows, number=number, shown=shown)
    tables.pager(len(matching), key="set_views_page", size=PAGE)
    if away := len(views) - len(fitting):
        words = _("No column is called like the keys of {n}: choose it yourself where they fit all the same.")
        st.caption(words.format(n=counted(away, _("view"), _("views"))))


def _filters(counts: dict[str, int]) -> tuple[str, str]:
    placeholder = _("Name, description, feature")
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        return filters(
            _("Views"),
            FILTERS,
            counts=counts,
            placeholder=placeholder,
            width=260,
            key="set_views",
            query_key="set_views_q",
        )


def _matches(view: FeatureView, query: str) -> bool:
    version = offered(view)
    names = [feature.name for feature in version.features] if version else []
    return any(query in text.casefold() for text in (view.title, view.name, view.description, view.entity, *names))


def _fits(view: FeatureView, columns: Sequence[ColumnProposal]) -> bool:
    return all(guess.column for guess in guessed_keys(view.keys, columns).values())


def _view(view: FeatureView, rows: Rows, *, number: int, shown: Draft) -> None:
    use = shown.uses[number] if number >= 0 else None
    newest = offered(view)
    version = version_of(use.version_id) if use else newest
    assert version is not None  # Only views with such a version are offered.
    key = f"{view.id}_{max(number, 0)}"
    guesses = guessed_keys(view.keys, rows.columns)
    with frame.card(f"view_{key}", tight=True):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.session_state[f"use_{key}"] = use is not None
            st.checkbox(
                _("Join {view}").format(view=view.title),
                key=f"use_{key}",
                label_visibility="collapsed",
                on_change=_ticked,
                args=(version, rows),
                kwargs={"number": number},
                width="content",
            )
            with st.container(key=f"title_view_{key}", width="content"):
                links.link(version.id, view.title)
            st.caption(_facts(version, view), width="content")
            st.caption(_key_words(use, guesses), width="content")
            if use:
                _keys(use, rows, number=number, guesses=guesses)
        _newer(version, newest, number=number)
        _features(version, muted=use is None)


def _facts(version: FeatureVersion, view: FeatureView) -> str:
    stage = "" if version.state is VersionState.PUBLISHED else status.look(version.state).word
    features = counted(len(version.features), _("feature"), _("features"))
    return " · ".join(filter(None, (f"v{version.version}", links.escape(view.entity), features, stage)))


def _key_words(use: ViewUse | None, guesses: dict[str, KeyGuess]) -> str:
    """In which columns the keys lie."""
    places = use.keys if use else {key: guess.column.name for key, guess in guesses.items() if guess.column}
    absent = [key for key in guesses if key not in places]
    if absent:
        words = _("no column for {keys}").format(keys=", ".join(absent))
        return f":orange[:material/key_off: {links.escape(words)}]"
    return f":material/key: {', '.join(links.code(name) for name in places.values())}"


def _features(version: FeatureVersion, *, muted: bool) -> None:
    """The features with their type and how their values are spread: the first few of them, or all."""
    statistics = unless_changed(
        f"statistics_{version.id}", lambda: portal().feature_statistics.statistics(actor(), version_id=version.id)
    )
    profiles = {profile.name: profile for profile in statistics}
    key = f"set_all_{version.id}"
    shown = version.features[: MOST if st.session_state.get(key) else FEW]
    pictures = [
        histogram(
            [count for _label, count in profiles[feature.name].bins] if feature.name in profiles else (),
            alt=_("Distribution of {name}").format(name=feature.name),
            muted=muted,
        )
        for feature in shown
    ]
    tables.reading(
        {
            _("Feature"): [links.code(feature.name) for feature in shown],
            _("Taken as"): [_(feature.kind) for feature in shown],
            _("Distribution"): pictures,
            _("Nulls"): [numbers.percent(feature.null_share) for feature in shown],
        },
        alt=_("Features of {view}").format(view=version.title),
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(time_words(version))
        if len(version.features) > FEW:
            words = _("Show all {n} features").format(n=numbers.number(len(version.features)))
            st.toggle(words, key=key)


def time_words(version: FeatureVersion) -> str:
    """From when and for how long its values count."""
    parts = [
        _("Values count from when they were written.")
        if version.created_time
        else _("Values count from their event time: nothing says when they were written.")
    ]
    if version.delay_seconds:
        parts.append(_("They are taken as known {time} later.").format(time=numbers.duration(version.delay_seconds)))
    if version.ttl_seconds:
        parts.append(_("They are used for at most {time}.").format(time=numbers.duration(version.ttl_seconds)))
    return " ".join(parts)


def _newer(version: FeatureVersion, newest: FeatureVersion | None, *, number: int) -> None:
    """What the earlier set used may have a successor by now."""
    if number < 0 or newest is None or newest.id == version.id:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        words = _("v{new} is there; this set uses v{old}.").format(new=newest.version, old=version.version)
        st.caption(f":blue[:material/new_releases: {words}]", width="content")
        st.button(
            _("Use v{new}").format(new=newest.version),
            type="tertiary",
            key=f"newer_{number}",
            on_click=_replace,
            args=(number, {"version_id": newest.id}),
        )


def _keys(use: ViewUse, rows: Rows, *, number: int, guesses: dict[str, KeyGuess]) -> None:
    with st.popover(_("Keys"), icon=":material/key:"):
        for key, guess in guesses.items():
            _key(key, rows, number=number, current=use.keys.get(key, ""))
            st.caption(links.escape(guess.reason))
        field = f"use_{number}_prefix"
        st.session_state[field] = use.prefix
        st.text_input(
            _("Prefix of its names"),
            key=field,
            on_change=lambda: _replace(number, {"prefix": st.session_state[field].strip()}),
        )
        st.button(
            _("Join it once more, by other keys"),
            key=f"again_{number}",
            type="tertiary",
            on_click=lambda: change(
                uses=(*draft().uses, ViewUse(version_id=use.version_id, keys={}, prefix=f"{use.prefix}2_"))
            ),
        )


def _key(key: str, rows: Rows, *, number: int, current: str) -> None:
    able, field = candidates(rows.columns), f"use_{number}_{key}"
    names = [column.name for column in able]
    st.session_state[field] = current if current in names else None
    st.selectbox(
        _("{key} is in").format(key=key),
        names,
        key=field,
        on_change=_key_chosen,
        args=(key, rows),
        kwargs={"number": number},
    )


def _ticked(version: FeatureVersion, rows: Rows, *, number: int) -> None:
    if number >= 0:
        change(uses=tuple(use for at, use in enumerate(draft().uses) if at != number))
        return
    add_version(version, rows.columns)


def add_version(version: FeatureVersion, columns: Sequence[ColumnProposal]) -> None:
    """Joins a version, by the keys that are guessed."""
    columns_of_keys = {
        key: guess.column for key, guess in guessed_keys(version.keys, columns).items() if guess.column is not None
    }
    keys = {key: column.name for key, column in columns_of_keys.items()}
    use = ViewUse(version_id=version.id, keys=keys, prefix=prefix_of(version.view))
    change(uses=(*draft().uses, use))
    for column in columns_of_keys.values():
        _make_a_key(column)


def _key_chosen(key: str, rows: Rows, *, number: int) -> None:
    name = st.session_state[f"use_{number}_{key}"]
    if name is None:
        return
    _replace(number, {"keys": draft().uses[number].keys | {key: name}})
    _make_a_key(next(column for column in rows.columns if column.name == name))


def _make_a_key(column: ColumnProposal) -> None:
    """A number of the model is no key: it would not match exactly. What names the rows no longer does."""
    if column.role == "id" or (column.role == "input" and column.kind != "category"):
        change(**chosen_role(draft(), column, choice="key"))


def _replace(number: int, updates: dict[str, object]) -> None:
    uses = draft().uses
    change(uses=tuple(use.model_copy(update=updates) if at == number else use for at, use in enumerate(uses)))
