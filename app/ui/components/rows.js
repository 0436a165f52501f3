// The table of a catalog. DOM is built with textContent only: titles are what users typed.
const CHOOSE_MS = 160;
const SKELETON_MS = 300;
const SKELETON_ROWS = 3;
const SVG = "http://www.w3.org/2000/svg";
const MARK = 38;
const NONE = "\u2014";
// Every column as wide as what is in it; the page around the table shall not move meanwhile.
const MEASURED = ".box table{table-layout:auto;width:max-content} .box .folded{display:none}";
// What a table was sorted by outlives a redraw and a visit to another page.
const orders = new Map();
const mounted = new WeakMap();

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function spark(cell) {
  const svg = document.createElementNS(SVG, "svg");
  const values = cell.values;
  svg.setAttribute("viewBox", "0 0 100 24");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", cell.title || values.map((value) => Number(value.toPrecision(3))).join(", "));
  if (cell.color) svg.classList.add(cell.color);
  const most = Math.max(...values);
  const least = Math.min(0, ...values);
  const at = values.map((value, index) => {
    const x = values.length > 1 ? (index / (values.length - 1)) * 100 : 50;
    return `${x.toFixed(1)} ${(22 - ((value - least) / (most - least || 1)) * 20).toFixed(1)}`;
  });
  for (const [className, d] of [["area", `M0 24L${at.join("L")}L100 24Z`], ["", `M${at.join("L")}`]]) {
    const path = document.createElementNS(SVG, "path");
    if (className) path.setAttribute("class", className);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

function chip(cell) {
  const made = element("span", `chip ${cell.color || "gray"}`);
  if (cell.icon) {
    const icon = element("span", "icon", cell.icon);
    icon.setAttribute("aria-hidden", "true");
    made.append(icon);
  }
  made.append(element("span", "", cell.text));
  return made;
}

function rule(index, width) {
  if (width === null) return "";
  return width ? `col.c${index}{width:${width}px}` : `.c${index}{display:none}`;
}

function compared(a, b) {
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
}

function typing(event) {
  const target = event.composedPath()[0];
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) && target.type !== "radio" && target.type !== "checkbox";
}

class Table {
  constructor(host) {
    this.host = host;
    this.drawn = "";
    this.onKey = (event) => this.keyOutside(event);
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(host);
    document.addEventListener("keydown", this.onKey);
  }

  leave() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.onKey);
    clearTimeout(this.timer);
  }

  show(data, send) {
    this.send = send;
    const drawn = JSON.stringify(data);
    // A live part of a page comes again every few seconds, mostly with the same rows.
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.data = data;
    this.chosen = new Set(data.chosen);
    const focus = this.focused();
    const top = this.box ? this.box.scrollTop : 0;
    this.build();
    this.box.scrollTop = top;
    if (focus) this.focus(focus);
  }

  build() {
    const { data } = this;
    this.box = element("div", data.height ? "box scrolls" : "box");
    if (data.height) this.box.style.maxHeight = `${data.height}px`;
    const table = element("table", data.choice === "none" && !data.rows.some((row) => row.href) ? "still" : "");
    table.append(element("caption", "", data.label), this.columns(), this.head());
    this.body = element("tbody");
    table.append(this.body);
    table.addEventListener("keydown", (event) => this.key(event));
    this.box.append(table);
    this.foot = element("div", "foot");
    this.style = element("style");
    this.host.replaceChildren(this.style, this.box, this.foot);
    this.fill();
    this.fit();
  }

  columns() {
    const group = element("colgroup");
    if (this.marks) group.append(element("col", "mark"));
    this.data.columns.forEach((_column, index) => group.append(element("col", `c${index}`)));
    return group;
  }

  get marks() {
    return this.data.choice !== "none";
  }

  head() {
    const row = element("tr");
    if (this.marks) {
      const mark = element("th", "mark");
      mark.append(element("span", "unseen", this.data.words.choose));
      row.append(mark);
    }
    this.data.columns.forEach((column, index) => row.append(this.title(column, index)));
    const head = element("thead");
    head.append(row);
    return head;
  }

  title(column, index) {
    const head = element("th", `${column.kind} c${index}`);
    head.scope = "col";
    head.title = column.help || column.title;
    const isFixed = this.data.sorted && !column.name;
    if (["spark", "action", "toggle"].includes(column.kind) || !column.title || isFixed) {
      const isUnseen = !column.title || column.kind === "toggle";
      head.append(element("span", isUnseen ? "unseen" : "", column.title || this.data.words.actions));
      return head;
    }
    const button = element("button");
    button.type = "button";
    button.append(element("span", "", column.title), element("span", "arrow"));
    button.setAttribute("aria-label", `${this.data.words.sort} ${column.title}`);
    button.onclick = () => this.sortBy(index);
    head.append(button);
    return head;
  }

  sortBy(index) {
    if (this.data.sorted) {
      this.send("sort", this.data.columns[index].name);
      return;
    }
    const [by, down] = orders.get(this.data.key) || [-1, false];
    const downFirst = ["number", "time"].includes(this.data.columns[index].kind);
    if (by !== index) orders.set(this.data.key, [index, downFirst]);
    else if (down === downFirst) orders.set(this.data.key, [index, !down]);
    else orders.delete(this.data.key);
    this.fill();
    this.fit();
  }

  fill() {
    const [by, down] = this.order();
    const sorted = [...this.data.rows];
    if (!this.data.sorted && by >= 0 && by < this.data.columns.length) {
      sorted.sort((a, b) => {
        const [left, right] = [a.cells[by].sort, b.cells[by].sort];
        // What has no value stands last either way.
        return (down && left !== undefined && right !== undefined ? -1 : 1) * compared(left, right);
      });
    }
    this.host.querySelectorAll("thead th:not(.mark)").forEach((head, index) => {
      if (index === by) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      const arrow = head.querySelector(".arrow");
      if (arrow) arrow.textContent = index !== by ? "" : down ? "↓" : "↑";
    });
    this.body.replaceChildren(...sorted.map((row) => this.row(row)));
    this.end(!this.data.sorted && by >= 0);
  }

  order() {
    const { sorted, columns, key } = this.data;
    if (!sorted) return orders.get(key) || [-1, false];
    return [columns.findIndex((column) => column.name && column.name === sorted.name), sorted.down];
  }

  row(row) {
    const made = element("tr", row.group ? "group" : this.chosen.has(row.id) ? "chosen" : "");
    made.dataset.id = row.id;
    if (row.quiet) made.classList.add("quiet");
    if (this.marks) made.append(row.group ? element("td", "mark") : this.mark(row));
    let first = true;
    row.cells.forEach((cell, index) => {
      const column = this.data.columns[index];
      const place = element("td", `${column.kind} c${index}`);
      if (cell.title && column.kind !== "spark") place.title = cell.title;
      place.append(...this.content(cell, column, first && cell.href));
      if (cell.press) place.firstChild.dataset.column = index;
      if (cell.href) first = false;
      if (!column.width || column.kind === "text") place.classList.add("wraps");
      made.append(place);
    });
    if (row.group) return made;
    made.onclick = (event) => this.click(event, row);
    made.onauxclick = (event) => {
      if (event.button === 1 && row.href && !event.composedPath().some((at) => at.tagName === "A")) window.open(row.href, "_blank", "noopener");
    };
    return made;
  }

  content(cell, column, isName) {
    if (cell.values) return [spark(cell)];
    if (cell.press) return [toggle(cell, (press) => this.send("press", press))];
    if (column.kind === "toggle") return [];
    if (column.kind === "state") return cell.text ? [this.stateMark(cell, column)] : [];
    const parts = [cell.href ? this.link(cell, column, isName) : element("span", `text ${cell.color || ""}`, cell.text)];
    if (cell.dot) parts.unshift(dot(cell));
    if (column.kind === "code") parts.at(-1).classList.add("code");
    if (cell.detail) parts.push(element("span", "detail", cell.detail));
    return parts;
  }

  stateMark(cell, column) {
    if (!cell.href) return chip(cell);
    const made = this.link(cell, column, false);
    made.className = "marked";
    made.replaceChildren(chip(cell));
    return made;
  }

  link(cell, column, isName) {
    const made = element("a", column.kind === "action" ? "act" : isName ? "first" : "other", cell.text);
    made.href = cell.href;
    made.onclick = (event) => {
      event.stopPropagation();
      // With a key held the browser opens a tab or a window of its own.
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      this.send("open", cell.target);
    };
    return made;
  }

  mark(row) {
    const place = element("td", "mark");
    const input = element("input");
    input.type = this.data.choice === "several" ? "checkbox" : "radio";
    input.name = this.data.key;
    input.checked = this.chosen.has(row.id);
    const named = row.cells.find((cell) => cell.text);
    input.setAttribute("aria-label", `${this.data.words.choose} ${named ? named.text : row.id}`);
    input.onclick = (event) => event.stopPropagation();
    input.onchange = () => this.choose(row.id, input.checked);
    place.append(input);
    return place;
  }

  click(event, row) {
    if (String(document.getSelection())) return;
    if (this.marks) this.choose(row.id, !this.chosen.has(row.id));
    else if (row.href && (event.ctrlKey || event.metaKey)) window.open(row.href, "_blank", "noopener");
    else if (row.href) this.send("open", row.target);
  }

  choose(id, isOn) {
    const { choice } = this.data;
    if (choice === "several") this.chosen[isOn ? "add" : "delete"](id);
    else this.chosen = new Set(isOn || choice === "first" ? [id] : []);
    for (const made of this.body.children) {
      const isChosen = this.chosen.has(made.dataset.id);
      made.classList.toggle("chosen", isChosen);
      const input = made.querySelector("input");
      if (input) input.checked = isChosen;
    }
    // Who walks through the rows waits for the one where they stop.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send("choose", [...this.chosen]), CHOOSE_MS);
  }

  end(isSorted) {
    const { data } = this;
    this.foot.replaceChildren();
    if (data.hasBefore) this.foot.append(this.turn("before"));
    const isPart = data.hasMore || data.hasBefore;
    const text = [data.foot, isSorted && isPart ? data.words.among : ""].filter(Boolean).join(" · ");
    if (text) this.foot.append(element("span", "", text));
    if (data.hasMore) this.foot.append(this.turn("more"));
    this.foot.hidden = !this.foot.childElementCount;
    this.foot.style.display = this.foot.hidden ? "none" : "";
  }

  turn(way) {
    const button = element("button", "", this.data.words[way]);
    button.type = "button";
    button.onclick = () => {
      button.disabled = true;
      button.textContent = this.data.words.reading;
      this.drawn = "";
      setTimeout(() => button.isConnected && this.skeleton(), SKELETON_MS);
      this.send("more", way);
    };
    return button;
  }

  skeleton() {
    for (let count = 0; count < SKELETON_ROWS; count += 1) {
      const row = element("tr");
      row.setAttribute("aria-hidden", "true");
      if (this.marks) row.append(element("td", "mark"));
      this.data.columns.forEach((_column, index) => {
        const place = element("td", `c${index}`);
        place.append(element("span", "bone"));
        row.append(place);
      });
      this.body.append(row);
    }
  }

  fit() {
    if (!this.data || !this.host.clientWidth) return;
    const top = this.box.scrollTop;
    const room = this.box.clientWidth - (this.marks ? MARK : 0);
    // A column of actions that no row has would only be a gap.
    const isIdle = (column, index) => column.kind === "action" && !this.data.rows.some((row) => row.cells[index].text);
    const natural = this.natural();
    const columns = this.data.columns.map((column, index) => ({ ...column, index, natural: natural[index] }));
    const drawn = columns.filter((column, index) => !isIdle(column, index));
    const widths = new Map(widthsOf(drawn, room).map((width, at) => [drawn[at].index, width]));
    this.style.textContent = columns.map(({ index }) => rule(index, widths.get(index))).join("");
    const shares = drawn.find(({ index }) => widths.get(index) === null);
    this.fold(drawn.filter(({ index }) => widths.get(index) === 0), shares || drawn[0]);
    this.box.scrollTop = top;
  }

  natural() {
    this.style.textContent = `${MEASURED} .rows .box{overflow:hidden;height:${this.box.offsetHeight}px}`;
    return [...this.host.querySelectorAll("thead th:not(.mark)")].map((head) => Math.ceil(head.getBoundingClientRect().width));
  }

  // What there is no column for stands in words below the name.
  fold(columns, under) {
    const rows = new Map(this.data.rows.map((row) => [row.id, row]));
    for (const line of this.lines()) {
      line.querySelector(".folded")?.remove();
      const { cells } = rows.get(line.dataset.id);
      const folded = element("span", "detail folded");
      for (const { index, title } of columns.filter((column) => ![undefined, "", NONE].includes(cells[column.index].text))) {
        folded.append(folded.firstChild ? " · " : "", `${title} `, ...this.content({ ...cells[index], detail: "" }, { kind: "text" }, false));
      }
      if (folded.firstChild) line.querySelector(`td.c${under.index}`).append(folded);
    }
  }

  lines() {
    return [...this.body.querySelectorAll("tr[data-id]")];
  }

  handle(line) {
    return line.querySelector("a") || line.querySelector("input") || line.querySelector("button");
  }

  focused() {
    const at = this.host.getRootNode().activeElement;
    const line = at && at.closest && at.closest("tr[data-id]");
    return line ? { id: line.dataset.id, isMark: at.tagName === "INPUT", column: at.dataset.column } : null;
  }

  focus({ id, isMark, column }) {
    const line = this.lines().find((made) => made.dataset.id === id);
    const target = line && (column ? toggleOf(line, column) : isMark ? line.querySelector("input") : this.handle(line));
    if (target) target.focus();
  }

  move(step) {
    const lines = this.lines();
    const at = this.focused();
    const from = lines.findIndex((line) => (at ? line.dataset.id === at.id : this.chosen.has(line.dataset.id)));
    const line = lines[Math.max(0, Math.min(lines.length - 1, at ? from + step : Math.max(0, from)))];
    if (!line) return;
    const target = this.handle(line);
    if (target) target.focus();
    line.scrollIntoView({ block: "nearest" });
    if (this.data.choice === "first" && at) this.choose(line.dataset.id, true);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const steps = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
    const at = this.focused();
    const column = this.data.columns.findIndex(({ key }) => key && key === event.key);
    if (event.key in steps && at) this.move(steps[event.key]);
    else if (column >= 0 && at) toggleOf(this.lines().find((line) => line.dataset.id === at.id), column)?.click();
    else if ((event.key === "x" || (event.key === " " && !at?.isMark && !at?.column)) && at && this.data.choice === "several") this.choose(at.id, !this.chosen.has(at.id));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  keyOutside(event) {
    // The first table of the page takes j and k from wherever nothing is being typed.
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (!["j", "k"].includes(event.key) || document.querySelector('[role="dialog"], dialog[open]') || !this.data) return;
    if (!this.host.isConnected || !this.lines().length) return;
    event.preventDefault();
    this.move(0);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".rows");
  if (!mounted.has(host)) mounted.set(host, new Table(host));
  const table = mounted.get(host);
  table.show(data, setTriggerValue);
  return () => {
    table.leave();
    mounted.delete(host);
  };
}
