"""The files that a column names: of which dataset, how large their images are for a model, and a few of them."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.training_sets.builder.draft import Draft, change, draft
from app.training_sets.builder.rows import answered, choice_of, files_of
from app.ui import links, numbers
from core.features.training_sets.proposals.values import ColumnProposal, NamedItems
from core.foundation.text import N_, _
from core.lake.images.values import ImageInput

MOST, SIDE, SHOWN_SIDE = 200, 96, 44
SIDES = (28, 32, 64, 96, 128, 224)
COLORS = {3: N_("Color"), 1: N_("Gray")}
PLACES = {"image": "images", "text": "text_items"}


def named_files(column: ColumnProposal) -> None:
    """Below a column whose values name files: their dataset, their size, and pictures of some."""
    shown, choice = draft(), choice_of(column)
    if choice != "image" and not (choice == "text" and (column.items or column.source in shown.text_items)):
        return
    snapshot_id = files_of(shown, column)
    with st.container(key=f"files_{column.source}", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            _dataset(column, shown, snapshot_id=snapshot_id)
            if choice == "image" and snapshot_id:
                _size(column, shown)
        if problem := _problem(column, snapshot_id=snapshot_id):
            st.caption(f":orange[:material/warning: {links.escape(problem)}]")
        if choice == "image" and snapshot_id and column.items:
            _pictures(column.items)


def lacks_files(shown: Draft, columns: Sequence[ColumnProposal]) -> str:
    """Why the files that columns name cannot be read; empty where they can."""
    problems = (_problem(column, snapshot_id=files_of(shown, column)) for column in columns)
    return next(filter(None, problems), "")


def _problem(column: ColumnProposal, *, snapshot_id: str) -> str:
    choice = choice_of(column)
    if not snapshot_id:
        return (
            _("Choose the dataset of the files of {column}.").format(column=column.source) if choice == "image" else ""
        )
    items = column.items
    if items is None or items.snapshot_id != snapshot_id:
        return ""
    if items.named and items.kind != choice:
        words = (
            _("{column}: the files of {title} are texts.")
            if choice == "image"
            else _("{column}: the files of {title} are images.")
        )
        return words.format(column=column.source, title=items.title)
    if not items.named:
        words = _("No value of {column} is a path or a digest of a file of {title}: it has {others}.")
        return words.format(column=column.source, title=items.title, others=", ".join(map(repr, items.others)))
    if items.named < items.values or column.missing:
        words = _("{column}: {count}. Leave the rows without a file out with WHERE{others}.")
        others = _(", such as {names}").format(names=", ".join(map(repr, items.others))) if items.others else ""
        return words.format(column=column.source, count=items.words, others=others)
    return ""


def _dataset(column: ColumnProposal, shown: Draft, *, snapshot_id: str) -> None:
    listing = portal().datasets.list_datasets(actor(), project=shown.project, form="files", limit=MOST)
    titles = {item.latest.id: item.latest.title for item in listing.items if item.latest}
    if snapshot_id and snapshot_id not in titles:
        titles[snapshot_id] = portal().datasets.get_snapshot(actor(), snapshot_id=snapshot_id).title
    place, key = PLACES[choice_of(column)], f"files_of_{column.source}"
    none = {} if place == "images" else {"": _("The values are the text")}
    options = none | titles
    st.session_state[key] = snapshot_id if snapshot_id in options else None
    st.selectbox(
        _("Files of"),
        list(options),
        format_func=lambda option: options[option],
        placeholder=_("Choose a dataset of files"),
        key=key,
        width=260,
        on_change=lambda: _change(place, column.source, st.session_state[key]),
    )


def _change(place: str, name: str, value: str | ImageInput) -> None:
    change(**{place: getattr(draft(), place) | {name: value}})


def _size(column: ColumnProposal, shown: Draft) -> None:
    """What images are decoded to: as the files are, or so many pixels."""
    chosen, items = shown.image_sizes.get(column.source), column.items
    name, key = column.source, f"size_{column.source}"
    usual = _size_words(items.width, items.height) if items and items.width else ""
    sizes = dict.fromkeys([(side, side) for side in SIDES] + ([(chosen.width, chosen.height)] if chosen else []))
    options = {(0, 0): _("{size}, by the files").format(size=usual) if usual else _("By the files")}
    options |= {size: _size_words(*size) for size in sizes}
    st.session_state[key] = (chosen.width, chosen.height) if chosen else (0, 0)
    st.selectbox(
        _("Size"), list(options), format_func=options.__getitem__, key=key, width=190, on_change=_sized, args=(name,)
    )
    if chosen:
        st.session_state[f"colors_{name}"] = chosen.channels
        st.selectbox(
            _("Colors"),
            list(COLORS),
            format_func=lambda channels: _(COLORS[channels]),
            key=f"colors_{name}",
            width=110,
            on_change=_sized,
            args=(name,),
        )


def _size_words(width: int, height: int) -> str:
    return f"{numbers.number(width)} × {numbers.number(height)}"


def _sized(name: str) -> None:
    (width, height), channels = st.session_state[f"size_{name}"], st.session_state.get(f"colors_{name}", 3)
    if width:
        return _change("image_sizes", name, ImageInput(width=width, height=height, channels=channels))
    return change(image_sizes={other: size for other, size in draft().image_sizes.items() if other != name})


def _pictures(items: NamedItems) -> None:
    """Small pictures of some files, read once."""
    if items.kind != "image" or not items.shown:
        return
    service = portal().datasets
    pictures = answered(
        "pictures",
        (items.snapshot_id, items.shown),
        ask=lambda: [
            service.item(actor(), snapshot_id=items.snapshot_id, digest=digest, side=SIDE).content
            for digest in items.shown
        ],
    )
    with st.container(horizontal=True, gap="xsmall"):
        for number, content in enumerate(pictures, 1):
            st.image(content, width=SHOWN_SIDE, alt=_("File {n} of {title}").format(n=number, title=items.title))
