// What is highlighted and completed: SQL as DuckDB reads it, and Python with the columns of its frames.
import { syntaxTree } from "@codemirror/language";
import { python } from "@codemirror/lang-python";
import { SQLDialect, sql } from "@codemirror/lang-sql";

const KEYWORDS = `all and anti any array as asc asof between both by case cast collate columns cross cube current desc
  describe distinct else end escape except exclude exists extract false filter following for from full glob group grouping
  groups having if ignore ilike in inner intersect interval is isnull join lambda lateral leading left like limit
  materialized natural not notnull null nulls offset on or order outer over partition percent pivot positional preceding
  qualify range recursive replace respect right rollup row rows sample select semi set sets similar some struct summarize
  tablesample then ties to trailing true try_cast unbounded union unnest unpivot using values when where window with
  within`;
const TYPES = `bigint binary bit blob bool boolean char date datetime dec decimal double enum float float4 float8 hugeint
  int int1 int2 int4 int8 integer json list long map numeric real short smallint string text time timestamp timestamptz
  tinyint ubigint uhugeint uinteger usmallint utinyint uuid varchar`;
// Functions whose names begin a clause, or are types, stay what they are in a query.
const CLAUSES = new Set(`${KEYWORDS} ${TYPES}`.split(/\s+/));
const SILENT = /Comment/;
const QUOTED = /String|Quoted/;

const completion = (type, boost) => ([label, detail]) => ({ label, detail, type, boost });

/** The extensions of a language that knows what `data` names. */
export function languageOf(data) {
  if (data.language === "python") {
    const language = python();
    return [language, language.language.data.of({ autocomplete: namesOf(data, true) })];
  }
  const functions = data.functions.filter((name) => !CLAUSES.has(name));
  const dialect = SQLDialect.define({
    keywords: KEYWORDS.split(/\s+/).join(" "),
    types: TYPES.split(/\s+/).join(" "),
    builtin: functions.join(" "),
    doubleDollarQuotedStrings: true,
    operatorChars: "+-*/<>=~!@#%^&|?",
  });
  const language = sql({ dialect, schema: schemaOf(data), upperCaseKeywords: true, keywordCompletion: wordOf });
  return [language, dialect.language.data.of({ autocomplete: namesOf(data, false) })];
}

function wordOf(label, type) {
  return type === "variable" ? { label: label.toLowerCase(), type: "function" } : { label, type, boost: -50 };
}

function schemaOf(data) {
  const namespace = (table) => ({
    self: { label: table.name, type: "class", detail: data.words.table, boost: 10 },
    children: table.columns.map(completion("property", 20)),
  });
  return Object.fromEntries(data.tables.map((table) => [table.name, namespace(table)]));
}

/** Columns of the tables that the text names (of all, where it names none), and features. */
function namesOf(data, inPython) {
  return (context) => {
    const word = context.matchBefore(/\w+/);
    const from = word ? word.from : context.pos;
    const isMember = context.state.sliceDoc(from - 1, from) === ".";
    const place = syntaxTree(context.state).resolveInner(context.pos, -1).name;
    if (!(word || context.explicit || (isMember && inPython)) || SILENT.test(place)) return null;
    // After a point, SQL's own completion knows the table.
    if (!inPython && (isMember || QUOTED.test(place))) return null;
    const options = [...columnsOf(data, context.state.doc.toString()), ...(isMember ? [] : data.features.map(completion("variable", 5)))];
    return { from, options: options.map(inPython ? (option) => option : quoted), validFor: /^\w*$/ };
  };
}

function columnsOf(data, text) {
  const words = new Set(text.toLowerCase().match(/\w+/g));
  const named = data.tables.filter((table) => words.has(table.name.toLowerCase()));
  const columns = new Map((named.length ? named : data.tables).flatMap((table) => table.columns));
  return [...columns].map(completion("property", 20));
}

function quoted(option) {
  return /^[A-Za-z_]\w*$/.test(option.label) ? option : { ...option, apply: `"${option.label.replaceAll('"', '""')}"` };
}
