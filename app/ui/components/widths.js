// How wide the columns of a table are: pure functions from what they hold and the room there is, in pixels. `natural` is
// what a column takes without a broken line.
const FLEXIBLE = 150;
const FOLDED = 120;

function total(widths) {
  return widths.reduce((sum, width) => sum + width, 0);
}

// What a column takes so that all of it stands in one line. A picture is as wide as it is told to be.
function whole(column) {
  return column.kind === "spark" ? column.width || FLEXIBLE : column.natural;
}

// What a column needs so that nothing in it is cut. Free text may take a second line, figures and marks may not.
function least(column) {
  if (!column.width) return Math.min(whole(column), FLEXIBLE);
  return column.kind === "text" ? Math.min(whole(column), column.width) : whole(column);
}

// As narrow as can be; of those that there is still no room for, the width is 0.
function narrow(columns, room) {
  const widths = columns.map(least);
  // What there is no column for stands below the name, which needs room for it.
  const name = columns.findIndex((column) => !column.width && column.priority === 1);
  const places = columns.map((_column, at) => at).filter((at) => columns[at].priority > 1);
  for (const at of places.sort((a, b) => columns[b].priority - columns[a].priority || b - a)) {
    if (total(widths) <= room) break;
    widths[at] = 0;
    if (name >= 0) widths[name] = Math.max(widths[name], FOLDED);
  }
  return widths;
}

// The width of each column: null of one that shares what is left, 0 of one that there is no room for.
function widthsOf(columns, room) {
  const ample = columns.map((column) => (column.width ? Math.max(column.width, least(column)) : whole(column)));
  const widths = total(ample) <= room ? ample : narrow(columns, room);
  let spare = Math.max(0, room - total(widths));
  const wanting = columns.map((_column, at) => at).filter((at) => widths[at] && widths[at] < whole(columns[at]));
  for (const at of wanting.sort((a, b) => Boolean(columns[a].width) - Boolean(columns[b].width))) {
    const more = Math.min(spare, whole(columns[at]) - widths[at]);
    widths[at] += more;
    spare -= more;
  }
  return columns.map((column, at) => (widths[at] && !column.width ? null : widths[at]));
}
