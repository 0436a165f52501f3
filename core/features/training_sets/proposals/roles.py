"""Which column is the id, the moment, the label, a group or an input: by its type, its values and its name, each choice
with its reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.features.columns import KEYS, MOMENTS, check_column, check_key, check_moment
from core.features.training_sets.proposals.survey import MOSTLY_DIFFERENT, Column, Survey
from core.features.training_sets.proposals.values import Role
from core.features.values import Kind
from core.foundation.errors import Invalid
from core.foundation.text import N_, _, thousands
from core.tasks.task import task_called

DAY = "DATE"
ONLY_ONE: tuple[Role, ...] = ("id", "moment", "label", "group", "weight")
NOTHING_CHOSEN: Mapping[str, Role] = MappingProxyType({})
ID_NAME = re.compile(r"(^|[_ ])(id|key|uuid|guid|index|number|nr|no)$|^(id|uuid|key)([_ ]|$)|[a-z]Id$", re.IGNORECASE)
GROUPS = "customer client user patient person account member household session query group device store driver"
GROUP_NAME = re.compile("|".join(GROUPS.split()), re.IGNORECASE)
LABEL_NAMES = (
    "label", "target", "y", "class", "outcome", "response", "species", "survived", "churn", "churned", "converted",
    "returned", "cancelled", "default", "fraud", "late", "clicked", "rating", "quality", "price", "score", "result",
    "diagnosis", "sentiment", "category",
)  # fmt: skip
MANY_VALUES: dict[Kind, str] = {
    "text": N_("Nearly every row has another text of several words: it says something, and is learned by its words."),
    "vector": N_("A list of as many numbers in each row: a vector."),
}


@dataclass(frozen=True)
class Roles:
    """What each column is and why, by its name; an id of "" says that rows have none."""

    reasons: dict[str, tuple[Role, str]]
    row_id: str = ""
    moment: str = ""
    label: str = ""
    group: str = ""

    def of(self, role: Role) -> tuple[str, ...]:
        return tuple(name for name, (own, _reason) in self.reasons.items() if own == role)


def roles_of(survey: Survey, chosen: Mapping[str, Role] = NOTHING_CHOSEN) -> Roles:
    """What the columns seem to be, or were chosen to be. Nothing is an input that is known only later, unless someone
    says so. Where a column that seems to be the id, the moment, the label or the group is chosen to be something else,
    no other takes its place."""
    by_role = _columns_by_role(survey, chosen)
    row_id, id_reason = _or_chosen("id", _id(survey), chosen, by_role)
    moment, moment_reason = _or_chosen("moment", _moment(survey), chosen, by_role)
    rest = tuple(column for column in survey.columns if column.name not in (row_id, moment))
    label, label_reason = _or_chosen("label", _label(rest), chosen, by_role)
    if by_role.get("label"):
        label_reason = _with_task(_("Chosen."), survey.column(label))
    others = tuple(column for column in rest if column.name != label)
    guessed = next(((column.name, _group_reason(column)) for column in others if _is_group(column)), ("", ""))
    group, group_reason = _or_chosen("group", guessed, chosen, by_role)
    reasons = {column.name: _own_role(column, chosen) for column in survey.columns}
    reasons |= {row_id: ("id", id_reason)} if row_id else {}
    reasons |= {moment: ("moment", moment_reason)} if moment else {}
    reasons |= {label: ("label", label_reason)} if label else {}
    reasons |= {group: ("group", group_reason)} if group else {}
    return Roles(reasons, row_id=row_id, moment=moment, label=label, group=group)


def _columns_by_role(survey: Survey, chosen: Mapping[str, Role]) -> dict[Role, str]:
    """The columns that were chosen for what only one can be. Invalid where there are several of one, or it cannot be
    one."""
    types = {column.name: column.type for column in survey.columns}
    by_role: dict[Role, str] = {}
    for name, role in chosen.items():
        check_column(types, name)
        if role in by_role:
            raise Invalid(
                _("{first} and {second} are both chosen as {role}").format(first=by_role[role], second=name, role=role),
                field="roles",
            )
        if role in ONLY_ONE:
            by_role[role] = name
        if role in ("id", "key", "group"):
            check_key(types, name)
        if role == "moment" and types[name] != DAY:
            check_moment(types, name)
    return by_role


def _or_chosen(
    role: Role, guessed: tuple[str, str], chosen: Mapping[str, Role], by_role: Mapping[Role, str]
) -> tuple[str, str]:
    if role in by_role:
        return by_role[role], _("Chosen.")
    return ("", "") if guessed[0] in chosen else guessed


def _own_role(column: Column, chosen: Mapping[str, Role]) -> tuple[Role, str]:
    """What a column is that is nothing of which there is only one."""
    guessed, reason = _guessed(column)
    role = chosen.get(column.name, guessed)
    if column.name not in chosen or role == guessed:
        return role, reason
    return role, _("Chosen. {reason}").format(reason=reason) if guessed == "left out" else _("Chosen.")


def _guessed(column: Column) -> tuple[Role, str]:
    return ("input", f"{column.items.words}.") if column.items else _input(column)


def _id(survey: Survey) -> tuple[str, str]:
    """A column with another value in every row, whose name or whose values say that it is one. What names files is
    learned from those."""
    unique = [column for column in survey.columns if column.type in KEYS and column.is_unique and not column.items]
    for column in sorted(unique, key=lambda column: ID_NAME.search(column.name) is None):
        if ID_NAME.search(column.name):
            return column.name, _("Every row has another value, and it is called like an id.")
        if column.kind == "category" and column.is_text and _is_short(column):
            return column.name, _("Every row has another short text.")
        if column.is_whole and _counts_up(column, survey):
            return column.name, _("Every row has another whole number, without gaps.")
    return "", ""


def _is_short(column: Column) -> bool:
    import pyarrow.compute as pc

    return bool((pc.max(pc.utf8_length(column.values)).as_py() or 0) <= 64)


def _counts_up(column: Column, survey: Survey) -> bool:
    import pyarrow.compute as pc

    ends = pc.min_max(column.values).as_py()
    return survey.rows == survey.sample_rows and ends["max"] - ends["min"] + 1 == survey.rows


def _moment(survey: Survey) -> tuple[str, str]:
    """Of several the earliest: what comes later has not happened yet."""
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = [column for column in survey.columns if column.type in MOMENTS | {DAY}]
    able = [column for column in moments if not column.missing and not column.known]
    if not able:
        return "", ""
    first = min(able, key=lambda column: pc.mean(column.values.cast(pa.timestamp("us")).cast(pa.int64())).as_py())
    if len(able) > 1:
        return first.name, _("The earliest of {n} moments: what comes later is not known yet.").format(n=len(able))
    return first.name, _("The only moment that every row has.")


def _label(columns: tuple[Column, ...]) -> tuple[str, str]:
    """What is called like one, else what is known only later, else the last column."""
    able = [column for column in columns if column.tasks and not column.items and not _is_group(column)]
    by_name = {column.name.casefold().removeprefix("is_"): column for column in reversed(able)}
    named = next((by_name[name] for name in LABEL_NAMES if name in by_name), None)
    if named:
        return named.name, _with_task(_("It is called like a label."), named)
    late = next((column for column in able if column.known), None)
    if late:
        words = _("It is known only at {moment}, so it may be the outcome.").format(moment=late.known)
        return late.name, _with_task(words, late)
    if able and able[-1] is columns[-1]:
        return able[-1].name, _with_task(_("It is the last column; none is called like a label."), able[-1])
    return "", ""


def _with_task(words: str, column: Column) -> str:
    if not column.tasks:
        return words
    task = task_called(column.tasks[0])
    why = task.reason_of(column.values.drop_null())
    return _("{words} {task}: {why}.").format(words=words, task=_(task.title), why=why)


def _is_group(column: Column) -> bool:
    is_repeated = 1 < column.distinct <= len(column.values) * MOSTLY_DIFFERENT
    is_named = ID_NAME.search(column.name) and GROUP_NAME.search(column.name)
    return column.type in KEYS and is_repeated and not column.missing and bool(is_named)


def _group_reason(column: Column) -> str:
    return _(
        "{n} different values that repeat: rows with the same one belong together. Look features up by it; as an input "
        "it would be learned by heart."
    ).format(n=thousands(column.distinct))


def _input(column: Column) -> tuple[Role, str]:
    """How a model takes it, or why it does not."""
    if column.known:
        return "left out", _("It is known only at {moment}: at the time of prediction there is none.").format(
            moment=column.known
        )
    if column.kind in MANY_VALUES:
        return "input", _(MANY_VALUES[column.kind])
    if column.kind is None:
        return "left out", _(
            "A model takes no {type}. Write in the query what it means, as a number or a text."
        ).format(type=column.type)
    if column.distinct == 0:
        return "left out", _("It has no values.")
    if column.distinct == 1 and not column.missing:
        return "left out", _("It has the same value in every row.")
    if column.kind == "category" and column.is_mostly_different:
        return "left out", _("Nearly every row has another short text: it names the row.")
    if column.is_whole and column.is_unique and ID_NAME.search(column.name):
        return "left out", _("Every row has another value: it names the row.")
    values = _("{n} different values").format(n=thousands(column.distinct))
    missing = _(", missing in {share} %").format(share=round(100 * column.missing, 1)) if column.missing else ""
    return "input", f"{values}{missing}."
