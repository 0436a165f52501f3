// How wide the columns of a table are: pure functions from what they hold and the room there is, in pixels. `natural` is
// what a column takes without a broken line.
const FLEXIBLE = 150;
const FOLDED = 120;

// What a column needs so that nothing in it is cut. Free text may take a second line, figures and marks may not.
function least(column) {
  if (column.kind === "spark") return column.width || FLEXIBLE;
  if (!column.width) return Math.min(column.natural, FLEXIBLE);
  return column.kind === "text" ? Math.min(column.natural, column.width) : column.natural;
}

// The width of each column: null of one that shares what is left, 0 of one that there is no room for.
function widthsOf(columns, room) {
  const total = (widths) => widths.reduce((sum, width) => sum + width, 0);
  const ample = columns.map((column) => (column.width ? Math.max(column.width, least(column)) : column.natural));
  if (total(ample) <= room) return columns.map((column, at) => (column.width ? ample[at] : null));
  const widths = columns.map(least);
  // What there is no column for stands below the name, which needs room for it.
  const name = columns.findIndex((column) => !column.width && column.priority === 1);
  const places = columns.map((_column, at) => at).filter((at) => columns[at].priority > 1);
  for (const at of places.sort((a, b) => columns[b].priority - columns[a].priority || b - a)) {
    if (total(widths) <= room) break;
    widths[at] = 0;
    if (name >= 0) widths[name] = Math.max(widths[name], FOLDED);
  }
  return columns.map((column, at) => (widths[at] && !column.width ? null : widths[at]));
}
