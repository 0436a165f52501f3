"""Which column of some rows fills which input of a version, and which is the label: by name, as a person would say at
first sight."""

from collections.abc import Iterable, Mapping, Sequence

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.values import ModelVersion
from core.tasks.task import task_of
from core.training.judging.values import JudgedRows, JudgingProposal

LABELS = ("label", "target", "class", "y", "outcome", "relevance")
GROUPS = ("group", "query", "query_id", "qid", "session", "session_id", "user", "user_id")
SHOWN = 5


def proposed(version: ModelVersion, rows: JudgedRows) -> JudgingProposal:
    """Names that differ only in case and in what is no letter or digit are the same."""
    known = {_bare(name): name for name in reversed(rows.columns)}
    inputs = version.signature.columns
    columns = {name: name if name in rows.columns else known.get(_bare(name), "") for name in inputs}
    rest = [name for name in rows.columns if name not in set(columns.values())]
    group = _group(version, rows, rest)
    rest = [name for name in rest if name != group]
    return JudgingProposal(
        columns=columns,
        available=rows.columns,
        label=rows.label or _label(version, rest),
        group=group,
        holdout_name=rows.name,
    )


def chosen(version: ModelVersion, rows: JudgedRows, *, columns: Mapping[str, str]) -> dict[str, str]:
    """The column of every input, as somebody says or as is proposed. Invalid where one has none."""
    filled = proposed(version, rows).columns | dict(columns)
    if unknown := sorted(set(columns) - set(version.signature.columns)):
        raise Invalid(
            _("{id} has no input {name}").format(id=version.id, name=repr(unknown[0][:60])),
            hint=_("It takes: {names}.").format(names=_some(version.signature.columns)),
            field="columns",
        )
    if missing := [name for name, column in filled.items() if column not in rows.columns]:
        raise Invalid(
            _("Nothing fills the inputs {names}").format(names=_some(missing)),
            hint=_("Say which column does. There are: {names}.").format(names=_some(rows.columns)),
            field="columns",
        )
    return filled


def refuse_unjudged(version: ModelVersion) -> None:
    """Invalid for a version whose answers no metric judges, or whose inputs no columns fill."""
    target = version.signature.target
    if not task_of(target).metrics:
        raise Invalid(
            _("No metric judges what {id} answers").format(id=version.id),
            hint=_("Register the file again and say what its outputs are."),
            field="version_id",
        )
    whole = [spec.name for spec in version.signature.inputs if not spec.names]
    if whole:
        raise Invalid(
            _("The input {name} of {id} takes a whole tensor").format(name=whole[0], id=version.id),
            hint=_("Register the file again with a mapping: it says which columns fill the tensor."),
            field="version_id",
        )


def group_of(version: ModelVersion, rows: JudgedRows, *, given: str) -> str:
    """The column of the groups within which a version orders rows, as somebody says or as it knows; "" where it orders
    nothing. Invalid where there is none."""
    target = version.signature.target
    if not task_of(target).has_groups:
        return target.group
    group = given or rows.group or target.group
    if not group or group not in (*rows.columns, rows.group):
        words = _("There is no column {name} for the groups") if group else _("Say which column has the group")
        raise Invalid(
            words.format(name=repr(group[:60])),
            hint=_("{id} orders rows within groups. There are: {names}.").format(
                id=version.id, names=_some(rows.columns)
            ),
            field="group",
        )
    return group


def _label(version: ModelVersion, rest: Sequence[str]) -> str:
    wanted = (version.signature.target.label, *LABELS)
    by_name = {_bare(name): name for name in reversed(rest)}
    named = next((by_name[name] for name in wanted if name and name in by_name), "")
    return named or (rest[-1] if rest else "")


def _group(version: ModelVersion, rows: JudgedRows, rest: Sequence[str]) -> str:
    """What rows seem to be grouped by, where they are ordered within groups."""
    target = version.signature.target
    if not task_of(target).has_groups:
        return ""
    by_name = {_bare(name): name for name in reversed(rest)} | {name: name for name in (*rows.columns, rows.group)}
    wanted = (rows.group, target.group, *map(_bare, GROUPS))
    return next((by_name[name] for name in wanted if name and name in by_name), "")


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:SHOWN])
    return _("{names} and {n} more").format(names=shown, n=len(listed) - SHOWN) if len(listed) > SHOWN else shown
