"""The guard in front of queries that people write. The engine has no border between a query and its catalog, its
settings and its files, so a query runs only when every part of its syntax tree is one that is known to be harmless."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import folded, one_row
from core.sandbox.functions import ALLOWED, DISGUISED, TABLES
from core.sandbox.locked_session import plain, translated

if TYPE_CHECKING:
    import duckdb

MOST_CHARACTERS, MOST_NODES = 20_000, 20_000
NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"})
TABLE_REFS = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY"})
EXPRESSION_CLASSES = """
    BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR
    POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW
"""
EXPRESSIONS = frozenset(EXPRESSION_CLASSES.split())
MODIFIERS = frozenset({"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER", "LIMIT_PERCENT_MODIFIER"})
GRANTED = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
Node = dict[str, Any]


def check_query(session: "duckdb.DuckDBPyConnection", sql: str) -> dict[str, str]:
    """The columns of a query with their types. Raises Invalid unless it is one SELECT, over the tables granted to the
    session and its own CTEs alone, of known functions, whose columns all have names of their own."""
    check_tree(tree_of(session, sql), tables=granted(session), sql=sql)
    with translated():
        described = session.execute(f"DESCRIBE {plain(sql)}").fetchall()
    names = [row[0].casefold() for row in described]
    if twice := [row[0] for row in described if names.count(row[0].casefold()) > 1]:
        raise Invalid(
            _("SQL: two columns are called {name}").format(name=twice[0]),
            hint=_("Name each column with AS."),
            field="sql",
        )
    return {row[0]: row[1] for row in described}


def granted(session: "duckdb.DuckDBPyConnection") -> frozenset[str]:
    """The tables of a locked session; whatever else it holds is ours."""
    return frozenset(row[0] for row in session.execute(GRANTED).fetchall())


def tree_of(session: "duckdb.DuckDBPyConnection", sql: str) -> Node:
    """The syntax tree of the only statement of a text. Invalid when it is none or no SELECT."""
    import duckdb

    if len(sql) > MOST_CHARACTERS:
        raise _refused(_("SQL: more than {most} characters").format(most=MOST_CHARACTERS))
    with translated():
        statements = session.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise Invalid(
                _("SQL: one SELECT is expected, and nothing else"), hint=_("Write a single query."), field="sql"
            )
        (serialized,) = one_row(session, "SELECT json_serialize_sql(?)", given=[statements[0].query])
    tree = json.loads(serialized)
    if tree.get("error") or len(tree["statements"]) != 1:
        raise Invalid(_("SQL: one SELECT is expected, and nothing else"), hint=_("Write a single query."), field="sql")
    node: Node = tree["statements"][0]["node"]
    return node


def check_tree(node: Node, *, tables: Collection[str], sql: str) -> None:
    """Invalid for the first part of the tree that is not known to be harmless."""
    _Walk(sql).query(node, frozenset(folded(name) for name in tables))


class _Walk:
    """One walk over a tree. `names` are the tables in scope, as the engine compares them."""

    def __init__(self, sql: str) -> None:
        self._nodes_left, self._text = MOST_NODES, sql.encode()

    def query(self, node: Node, names: frozenset[str]) -> None:
        if node["type"] not in NODES:
            raise _refused(_("SQL: {what} is not permitted").format(what=_in_words(node["type"])))
        _check_sample(node)
        scope = self._with_ctes(node, names)
        for key, part in node.items():
            if key not in ("cte_map", "type"):
                self._any(part, scope)

    def _with_ctes(self, node: Node, names: frozenset[str]) -> frozenset[str]:
        """The scope with the query's own CTEs. A definition sees only those before it: to itself it does not exist, so
        that no table can be reached under the name of a CTE that reads it."""
        for entry in (node.get("cte_map") or {}).get("map", ()):
            definition = entry["value"]
            inner = definition.get("query_node") or definition["query"]["node"]
            self.query(inner, names)
            self._any({key: part for key, part in definition.items() if key not in ("query_node", "query")}, names)
            names = names | {folded(entry["key"])}
        if node["type"] == "CTE_NODE":
            self.query(node["query"], names)
            names = names | {folded(node["cte_name"])}
        return names

    def _any(self, part: Any, names: frozenset[str]) -> None:
        if isinstance(part, dict):
            self._node(part, names)
        elif isinstance(part, list):
            for child in part:
                self._any(child, names)

    def _node(self, node: Node, names: frozenset[str]) -> None:
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise _refused(_("SQL: the query has more than {most} parts").format(most=MOST_NODES))
        kind = node.get("type")
        if isinstance(kind, str) and kind.endswith("_NODE"):
            self.query(node, names)
            return
        if "class" in node or ("alias" in node and isinstance(kind, str)):
            self._part(node, names)
        elif isinstance(kind, str) and kind.endswith("_MODIFIER") and kind not in MODIFIERS:
            raise _refused(_("SQL: {what} is not permitted").format(what=_in_words(kind)))
        for part in node.values():
            self._any(part, names)

    def _part(self, node: Node, names: frozenset[str]) -> None:
        """An expression or a table. A refusal has the line that it begins in."""
        try:
            _check_expression(node) if "class" in node else _check_table(node, names)
        except Invalid as error:
            place = node.get("query_location")
            error.line = self._text.count(b"\n", 0, place) + 1 if isinstance(place, int) else 0
            raise


def _check_expression(node: Node) -> None:
    if node["class"] not in EXPRESSIONS:
        raise _refused(_("SQL: {what} is not permitted").format(what=_in_words(node["class"])))
    if node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1:
        _check_called(node["column_names"][0], disguised=True)
    if node["class"] in ("FUNCTION", "WINDOW"):
        if any(node.get(where) for where in ("schema", "catalog")) or len(_path(node)) > 1:
            raise _refused(_("SQL: functions are called by their plain name"))
        _check_called(node["function_name"], disguised=False)
        # With one argument it is the age as of today.
        if folded(node["function_name"]) == "age" and len(_arguments(node)) < 2:
            raise _refused(_("SQL: age needs both of its instants"))


def _check_table(node: Node, names: frozenset[str]) -> None:
    if node["type"] not in TABLE_REFS:
        raise _refused(_("SQL: {what} is not permitted").format(what=_in_words(node["type"])))
    _check_sample(node)
    if node["type"] == "BASE_TABLE":
        _check_granted(node, names)
    if node["type"] == "TABLE_FUNCTION" and folded(node["function"].get("function_name", "")) not in TABLES:
        raise _refused(_("SQL: files cannot be read, and other functions that give rows are not permitted"))


def _check_sample(node: Node) -> None:
    if node.get("sample"):
        raise _refused(_("SQL: a sample differs at each run"))


def _check_granted(node: Node, names: frozenset[str]) -> None:
    name = node["table_name"]
    if node.get("schema_name") or node.get("catalog_name") or len(_path(node)) > 1:
        raise _refused(_("SQL: tables are called by their plain name"))
    if node.get("at_clause"):
        raise _refused(_("SQL: a snapshot is chosen among the sources, not in the query"))
    if folded(name) not in names:
        raise Invalid(
            _("SQL: table {name} not found").format(name=name[:60]),
            hint=_("There are: {names}.").format(names=", ".join(sorted(names)) or _("none")),
            field="sql",
        )


def _check_called(name: str, *, disguised: bool) -> None:
    plain_name = folded(name)
    if plain_name in DISGUISED or (not disguised and plain_name not in ALLOWED):
        raise Invalid(
            _("SQL: the function {name} is not permitted").format(name=name[:60]),
            hint=_("A query must give the same rows each time, from its tables alone."),
            field="sql",
        )


def _path(node: Node) -> list[str]:
    return list((node.get("qualified_name") or {}).get("path", ()))


def _arguments(node: Node) -> list[Any]:
    return list(node.get("arguments") or node.get("children") or ())


def _in_words(kind: str) -> str:
    words = {"SHOW_REF": _("SHOW or DESCRIBE"), "PIVOT": _("PIVOT"), "RECURSIVE_CTE_NODE": _("a recursive CTE")}
    return words.get(kind, kind.replace("_", " ").lower())


def _refused(message: str) -> Invalid:
    return Invalid(message, hint=_("Write one SELECT over the tables you were given."), field="sql")
