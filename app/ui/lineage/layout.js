// Where everything stands: pure functions from what is shown to boxes and curves. One unit is a pixel at 100 %.
const WIDE = 186, HIGH = 62, GAP = 14, HEAD = 36, PAD = 6, MORE = 34, BETWEEN = 32, TITLES = 34, MARGIN = 14, LANE = 16;
const COLUMN = WIDE + 2 * PAD;
const FEW = 4;

// The columns that hold anything: each with items, which are nodes, closed groups or open ones.
function itemsOf(data, mode, isOpen, isWhole) {
  return data.columns
    .map((column) => ({
      title: column.title,
      items: column.groups.flatMap((group) => {
        const nodes = group.nodes.filter((node) => mode === "all" || node.story);
        if (nodes.length < 2) return nodes.map((node) => ({ type: "node", node, members: nodes }));
        const item = { key: group.key, icon: group.icon, title: group.titles[mode], members: nodes, ...group.summaries[mode] };
        if (!isOpen(group.key)) return [{ ...item, type: "closed" }];
        const shown = nodes.length <= FEW || isWhole(group.key) ? nodes : nodes.slice(0, FEW - 1);
        return [{ ...item, type: "open", shown, hidden: nodes.slice(shown.length) }];
      }),
    }))
    .filter((column) => column.items.length);
}

function heightOf(item) {
  if (item.type !== "open") return HIGH;
  return HEAD + item.shown.length * (HIGH + PAD) + (item.hidden.length ? MORE + PAD : 0);
}

// Sets x, y, w and h of every item and member; `boxes` says for each id what stands for it, `items` which item that is in.
function layout(columns, edges) {
  const boxes = new Map(), items = new Map();
  const tall = Math.max(...columns.map((column) => column.items.reduce((sum, item) => sum + heightOf(item) + GAP, -GAP)));
  columns.forEach((column, index) => {
    column.items.forEach((item, place) => item.members.forEach((node) => items.set(node.id, { item, index, place })));
  });
  const passes = edges.some(([from, to]) => isFar(items.get(from), items.get(to)));
  const top = MARGIN + TITLES + (passes ? LANE : 0);
  columns.forEach((column, index) => {
    column.x = MARGIN + index * (COLUMN + BETWEEN);
    const own = column.items.reduce((sum, item) => sum + heightOf(item) + GAP, -GAP);
    let y = top + (tall - own) / 2;
    for (const item of column.items) {
      place(item, column.x, y, boxes);
      y += item.h + GAP;
    }
  });
  return { boxes, items, top, width: 2 * MARGIN + columns.length * (COLUMN + BETWEEN) - BETWEEN, height: top + tall + MARGIN };
}

function place(item, x, y, boxes) {
  const isOpen = item.type === "open";
  Object.assign(item, { x: isOpen ? x : x + PAD, y, w: isOpen ? COLUMN : WIDE, h: heightOf(item) });
  item.members.forEach((node) => boxes.set(node.id, item));
  if (!isOpen) return;
  item.shown.forEach((node, at) => boxes.set(node.id, { x: x + PAD, y: y + HEAD + at * (HIGH + PAD), w: WIDE, h: HIGH }));
  item.more = { x: x + PAD, y: y + HEAD + item.shown.length * (HIGH + PAD), w: WIDE, h: MORE };
  item.hidden.forEach((node) => boxes.set(node.id, item.more));
}

function isFar(from, to) {
  return Boolean(from && to) && Math.abs(from.index - to.index) > 1;
}

// The way of an edge: through the gaps between columns and the lane above them, so that it crosses no node.
function curve(plan, from, to) {
  const [a, b] = [plan.items.get(from), plan.items.get(to)];
  if (a.item === b.item) return "";
  if (a.index === b.index) return within(a, b);
  const [left, right] = [plan.boxes.get(from), plan.boxes.get(to)];
  const forward = b.index > a.index;
  const [x1, x2] = forward ? [left.x + left.w, right.x] : [left.x, right.x + right.w];
  const [y1, y2] = [left.y + left.h / 2, right.y + right.h / 2];
  if (!isFar(a, b)) return `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
  const turn = (forward ? 1 : -1) * (PAD + BETWEEN / 2);
  const lane = plan.top - LANE / 2;
  return `M${x1} ${y1}C${x1 + turn} ${y1} ${x1 + turn} ${y1} ${x1 + turn} ${(y1 + lane) / 2}`
    + `S${x1 + turn} ${lane} ${x1 + 2 * turn} ${lane}L${x2 - 2 * turn} ${lane}`
    + `S${x2 - turn} ${lane} ${x2 - turn} ${(y2 + lane) / 2}S${x2 - turn} ${y2} ${x2} ${y2}`;
}

// Straight between neighbors in a column, else beside what stands between them.
function within(a, b) {
  const down = b.place > a.place;
  const [from, to] = [a.item, b.item];
  if (Math.abs(a.place - b.place) === 1) {
    const x = from.x + from.w / 2;
    return `M${x} ${down ? from.y + from.h : from.y}V${down ? to.y : to.y + to.h}`;
  }
  const x = Math.min(from.x, to.x) - PAD - 8;
  const [y1, y2] = [from.y + from.h / 2, to.y + to.h / 2];
  return `M${from.x} ${y1}C${x} ${y1} ${x} ${y1} ${x} ${y1 + (down ? 16 : -16)}V${y2 - (down ? 16 : -16)}C${x} ${y2} ${x} ${y2} ${to.x} ${y2}`;
}

// All that can be reached from a node in one direction, itself included. No edge leaves an endpoint, so no way turns.
function reach(start, edges, from, to) {
  const seen = new Set([start]);
  const open = [start];
  while (open.length) {
    const at = open.pop();
    for (const edge of edges) {
      if (edge[from] === at && !seen.has(edge[to])) {
        seen.add(edge[to]);
        open.push(edge[to]);
      }
    }
  }
  return seen;
}
