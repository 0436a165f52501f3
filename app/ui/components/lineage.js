// Columns of nodes and the curves between them. DOM is built with textContent only: titles are what users typed.
const MOST = 5;

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

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

export default function ({ data, parentElement, setTriggerValue }) {
  const board = parentElement.querySelector(".board");
  const columns = board.querySelector(".columns");
  const svg = board.querySelector("svg");
  const foot = parentElement.querySelector(".foot");
  const nodes = new Map();
  const expanded = new Set();
  let chosen = data.start;

  function build() {
    columns.replaceChildren();
    nodes.clear();
    data.columns.forEach((column, index) => {
      const box = element("div", "column");
      box.append(element("div", "head", column.title));
      const stack = element("div", "stack");
      const sorted = [...column.nodes].sort((a, b) => (b.id === data.start) - (a.id === data.start));
      const shown = expanded.has(index) ? column.nodes : sorted.slice(0, MOST);
      shown.forEach((node) => stack.append(button(node, index)));
      const rest = column.nodes.length - shown.length;
      if (rest > 0) {
        const more = element("button", "more", `+ ${rest} ${data.words.more}`);
        more.onclick = () => { expanded.add(index); build(); trace(); };
        stack.append(more);
      }
      box.append(stack);
      columns.append(box);
    });
  }

  function button(node, column) {
    const made = element("button", "node");
    made.type = "button";
    made.title = `${node.id} · ${node.title}`;
    made.classList.toggle("start", node.id === data.start);
    made.append(element("span", "title", node.title));
    const state = element("span", "state");
    state.append(element("span", `dot ${node.color}`), element("span", "", node.state));
    made.append(state);
    made.onclick = () => { chosen = node.id; trace(); };
    made.ondblclick = () => node.opens && setTriggerValue("open", node.id);
    nodes.set(node.id, { node, made, column });
    return made;
  }

  function trace() {
    const before = reach(chosen, data.edges, 1, 0);
    const after = reach(chosen, data.edges, 0, 1);
    for (const [id, { made }] of nodes) {
      made.classList.toggle("chosen", id === chosen);
      made.classList.toggle("faded", !before.has(id) && !after.has(id));
      made.setAttribute("aria-pressed", String(id === chosen));
    }
    describe(before.size - 1, after.size - 1);
    draw((edge) => (before.has(edge[0]) && before.has(edge[1])) || (after.has(edge[0]) && after.has(edge[1])));
  }

  function describe(before, after) {
    foot.replaceChildren();
    const found = nodes.get(chosen);
    if (!found) return;
    foot.append(element("strong", "", found.node.title));
    foot.append(element("span", "", `${found.node.id} · ${before} ${data.words.before} · ${after} ${data.words.after}`));
    if (found.node.opens && chosen !== data.start) {
      const open = element("button", "", data.words.open);
      open.onclick = () => setTriggerValue("open", chosen);
      foot.append(open);
    }
  }

  function draw(lit) {
    const origin = board.getBoundingClientRect();
    svg.style.width = `${board.scrollWidth}px`;
    const paths = [];
    for (const edge of data.edges) {
      const [a, b] = [nodes.get(edge[0]), nodes.get(edge[1])];
      if (!a || !b) continue;
      const [from, to] = [a.made.getBoundingClientRect(), b.made.getBoundingClientRect()];
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const passes = Math.abs(a.column - b.column) > 1;
      path.setAttribute("d", passes ? detour(from, to, origin) : curve(from, to, origin));
      if (lit(edge)) path.classList.add("lit");
      else path.classList.add("faded");
      paths.push(path);
    }
    paths.sort((a, b) => a.classList.contains("lit") - b.classList.contains("lit"));
    svg.replaceChildren(...paths);
  }

  function curve(from, to, origin) {
    const left = -origin.left + board.scrollLeft;
    if (Math.abs(from.left - to.left) < 4) {
      const x = from.left + left + 16;
      const down = to.top > from.top;
      return `M${x} ${(down ? from.bottom : from.top) - origin.top}V${(down ? to.top : to.bottom) - origin.top}`;
    }
    const forward = to.left > from.left;
    const [x1, x2] = forward ? [from.right + left, to.left + left] : [from.left + left, to.right + left];
    const [y1, y2] = [from.top + from.height / 2 - origin.top, to.top + to.height / 2 - origin.top];
    const bend = x1 + (forward ? 1 : -1) * Math.min(Math.abs(x2 - x1), 34) / 2;
    const far = x2 - (forward ? 1 : -1) * Math.min(Math.abs(x2 - x1), 34) / 2;
    return Math.abs(x2 - x1) < 40
      ? `M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}`
      : `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${far} ${y2}L${x2} ${y2}`;
  }

  function detour(from, to, origin) {
    // An edge that passes columns runs below their nodes, so that it does not seem to lead to them.
    const left = -origin.left + board.scrollLeft;
    const forward = to.left > from.left;
    const [x1, x2] = forward ? [from.right + left, to.left + left] : [from.left + left, to.right + left];
    const [y1, y2] = [from.top + from.height / 2 - origin.top, to.top + to.height / 2 - origin.top];
    const lane = origin.height - 10;
    const step = forward ? 12 : -12;
    return `M${x1} ${y1}C${x1 + step} ${y1} ${x1} ${lane} ${x1 + step} ${lane}L${x2 - step} ${lane}C${x2} ${lane} ${x2 - step} ${y2} ${x2} ${y2}`;
  }

  build();
  trace();
  const observer = new ResizeObserver(() => trace());
  observer.observe(board);
  return () => observer.disconnect();
}
