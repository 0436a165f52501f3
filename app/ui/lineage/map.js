// The map itself: what is open, what is chosen, and what keys do. It lives on while Streamlit runs the page again.
const TALLEST = 590, SMALL = 220;

class LineageMap {
  constructor(root) {
    Object.assign(this, { root, mode: "story", opened: new Set(), shut: new Set(), whole: new Set(), chosen: "", card: "", query: "" });
    this.bar = element("div", "bar");
    this.frame = element("div", "view");
    this.canvas = element("div", "canvas");
    this.overview = element("div", "overview");
    this.legend = element("div", "legend");
    this.side = element("div", "side");
    this.frame.append(this.canvas);
    const [left, foot] = [element("div", "left"), element("div", "foot")];
    foot.append(this.legend, this.overview);
    left.append(this.bar, this.frame, foot);
    root.replaceChildren(left, this.side);
    this.view = new View(this.frame, this.canvas, () => this.moved());
    this.canvas.addEventListener("click", (event) => this.press(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.overview.addEventListener("pointerdown", (event) => this.jump(event));
    new ResizeObserver(() => this.resized()).observe(this.frame);
  }

  show(data, open) {
    this.open = open;
    const text = JSON.stringify(data);
    if (text === this.text) return;
    if (data.start !== this.data?.start) this.begin(data);
    [this.data, this.text] = [data, text];
    this.toolbar();
    this.draw();
    if (this.view.isFitted) this.fit();
  }

  begin(data) {
    this.chosen = data.start;
    this.card = "";
    this.opened = new Set(JSON.parse(sessionStorage.getItem(`causeway.lineage.${data.start}`) || "[]"));
  }

  toolbar() {
    const { words } = this.data;
    this.frame.setAttribute("role", "group");
    this.frame.setAttribute("aria-label", words.map);
    const modes = element("div", "modes");
    for (const mode of ["story", "all"]) {
      const button = element("button", "mode", words[mode]);
      button.setAttribute("aria-pressed", String(mode === this.mode));
      button.onclick = () => this.turnTo(mode);
      modes.append(button);
    }
    const find = element("input", "find");
    Object.assign(find, { type: "search", placeholder: words.find, value: this.query });
    find.setAttribute("aria-label", words.find);
    find.oninput = () => { this.query = find.value.trim().toLowerCase(); this.mark(); };
    find.onkeydown = (event) => { event.stopPropagation(); if (event.key === "Enter") this.chooseFirst(); };
    this.percent = element("span", "percent");
    const zoom = element("div", "zoom");
    zoom.append(iconButton("remove", words.farther, () => this.view.enlarge(1 / STEP)), this.percent,
      iconButton("add", words.nearer, () => this.view.enlarge(STEP)));
    const full = iconButton("fullscreen", words.full, () => this.fill());
    this.bar.replaceChildren(modes, find, zoom, iconButton("fit_screen", words.fit, () => this.view.fitWhole()), full);
    this.overview.title = words.overview;
    this.legend.replaceChildren(...["path", "other", "asks", "parts"].map((name) => {
      const line = element("span", "key");
      line.append(element("span", `sample ${name}`), element("span", "", words[name]));
      return line;
    }));
  }

  draw() {
    const isOpen = (key) => (this.mode === "all" ? !this.shut.has(key) : this.opened.has(key));
    this.columns = itemsOf(this.data, this.mode, isOpen, (key) => this.whole.has(key));
    this.nodes = new Map(this.columns.flatMap((column) => column.items).flatMap((item) => item.members.map((node) => [node.id, node])));
    this.edges = this.data.edges[this.mode];
    this.plan = this.view.plan = layout(this.columns, this.edges);
    const focused = this.root.getRootNode().activeElement?.dataset;
    const parts = this.columns.flatMap((column) => {
      const title = placed(element("div", "column", column.title), { x: column.x + PAD, y: MARGIN, w: WIDE, h: 20 });
      return [title, ...column.items.flatMap((item) => this.parts(item))];
    });
    this.lines = shape("svg", { width: this.plan.width, height: this.plan.height, "aria-hidden": "true" });
    Object.assign(this.canvas.style, { width: `${this.plan.width}px`, height: `${this.plan.height}px` });
    this.canvas.replaceChildren(this.lines, ...parts);
    this.mark();
    const again = focused?.id ? this.button(focused.id) : focused?.group && this.canvas.querySelector(`[data-group="${focused.group}"]`);
    if (again) this.focus(again);
  }

  parts(item) {
    if (item.type === "node") return [nodeButton(item.node, item)];
    if (item.type === "closed") return [closedGroup(item)];
    const members = item.shown.map((node) => nodeButton(node, this.plan.boxes.get(node.id)));
    return [openGroup(item), ...members, ...(item.hidden.length ? [moreButton(item, this.data.words)] : [])];
  }

  // What is lit, faded and in the order of the key Tab follows from the chosen node.
  mark() {
    this.before = reach(this.chosen, this.edges, 1, 0);
    this.after = reach(this.chosen, this.edges, 0, 1);
    this.isLit = (id) => this.before.has(id) || this.after.has(id);
    for (const button of this.canvas.querySelectorAll(".node")) {
      const ids = this.idsOf(button);
      button.classList.toggle("lit", ids.some(this.isLit));
      button.classList.toggle("missed", Boolean(this.query) && !ids.some((id) => this.matches(this.nodes.get(id))));
      if (!button.dataset.id) continue;
      button.classList.toggle("chosen", button.dataset.id === this.chosen);
      button.classList.toggle("start", button.dataset.id === this.data.start);
      button.setAttribute("aria-pressed", String(button.dataset.id === this.chosen));
    }
    this.stop(this.button(this.chosen) || this.canvas.querySelector(".node"));
    this.wires();
    this.side.replaceChildren(...(this.card ? [sideCard(this.nodes.get(this.card) || this.nodes.get(this.chosen), this.around(), this.data.words, this.acts())] : []));
    this.root.classList.toggle("with-card", Boolean(this.card));
    this.view.covered = this.card && getComputedStyle(this.side).position === "absolute" ? this.side.offsetWidth : 0;
    this.moved();
  }

  wires() {
    const seen = new Map();
    for (const [from, to, kind] of this.edges) {
      const way = curve(this.plan, from, to);
      const lit = (this.before.has(from) && this.before.has(to)) || (this.after.has(from) && this.after.has(to));
      if (way) seen.set(way, { lit: lit || seen.get(way)?.lit, asks: kind === "asks" && (seen.get(way)?.asks ?? true) });
    }
    const paths = [...seen].sort(([, a], [, b]) => Number(a.lit) - Number(b.lit));
    this.lines.replaceChildren(...paths.map(([d, { lit, asks }]) => shape("path", { d, class: `${lit ? "lit" : ""} ${asks ? "asks" : ""}` })));
  }

  // The chosen node's chain, a line for each kind.
  around() {
    const groups = (ids) => this.data.columns.flatMap((column) => column.groups).flatMap((group) => {
      const nodes = group.nodes.filter((node) => ids.has(node.id) && node.id !== this.chosen && this.nodes.has(node.id));
      if (!nodes.length) return [];
      if (nodes.length === 1) return [{ icon: group.icon, nodes, title: nodes[0].title, color: nodes[0].color, fact: nodes[0].health || nodes[0].state }];
      const { fact, color } = group.summaries[this.mode];
      return [{ icon: group.icon, nodes, title: nodes.length === group.nodes.length ? group.titles.all : `${nodes.length} ${group.titles.all.replace(/^\S+\s/, "")}`, fact, color }];
    });
    return { before: groups(this.before), after: groups(this.after) };
  }

  acts() {
    return {
      name: (node) => {
        const name = element(node.opens && node.id !== this.data.start ? "button" : "span", "card-name", node.whole);
        if (name.tagName === "BUTTON") name.onclick = () => this.open(node.id);
        return name;
      },
      close: () => { this.card = ""; this.mark(); this.fit(); this.button(this.chosen)?.focus(); },
      isHere: (node) => node.id === this.data.start,
      open: (id) => this.open(id),
      show: (id) => { this.reveal(id); this.choose(id); },
    };
  }

  press(event) {
    const { id, group, more } = event.target.closest("button")?.dataset || {};
    if (id) this.choose(id);
    if (group) this.toggle(group);
    if (more) { this.whole.add(more); this.draw(); }
  }

  choose(id) {
    this.chosen = this.card = id;
    this.view.isFitted = false;
    this.mark();
    this.view.bring(this.plan.boxes.get(id));
    const button = this.button(id);
    if (button) this.focus(button);
  }

  // The key Tab stops at one node; arrow keys go on from there.
  stop(at) {
    this.canvas.querySelectorAll("button").forEach((button) => { button.tabIndex = button === at ? 0 : -1; });
  }

  focus(button) {
    this.stop(button);
    button.focus({ preventScroll: true });
  }

  toggle(key) {
    const keys = this.mode === "all" ? this.shut : this.opened;
    if (!keys.delete(key)) keys.add(key);
    sessionStorage.setItem(`causeway.lineage.${this.data.start}`, JSON.stringify([...this.opened]));
    this.draw();
    this.resize();
  }

  reveal(id) {
    const item = this.plan.items.get(id)?.item;
    if (item?.type === "closed") this.toggle(item.key);
    if (item?.hidden?.some((node) => node.id === id)) this.whole.add(item.key);
    this.draw();
    this.resize();
  }

  turnTo(mode) {
    this.mode = mode;
    this.toolbar();
    this.draw();
    this.fit();
  }

  matches(node) {
    return `${node.whole} ${node.id} ${node.kind}`.toLowerCase().includes(this.query);
  }

  chooseFirst() {
    const node = this.query && [...this.nodes.values()].find((each) => this.matches(each));
    if (node) this.acts().show(node.id);
  }

  // Arrow keys walk along the edges, else to the nearest node of that column; Enter opens, Space and a click choose.
  key(event) {
    const button = event.target.closest("button");
    if (event.key === "Enter" && button?.dataset.id) {
      event.preventDefault();
      const node = this.nodes.get(button.dataset.id);
      if (node.opens && node.id !== this.data.start) this.open(node.id);
      else this.choose(node.id);
    }
    if (event.key === "Escape" && this.card) this.acts().close();
    const next = event.key.startsWith("Arrow") && button && this.neighbor(button, event.key.slice(5));
    if (!next) return;
    event.preventDefault();
    this.focus(next);
    this.view.bring(this.boxOf(next));
  }

  neighbor(button, way) {
    const box = this.boxOf(button);
    const [axis, sign] = { Left: ["x", -1], Right: ["x", 1], Up: ["y", -1], Down: ["y", 1] }[way];
    const linked = new Set(this.edges.flatMap(([from, to]) => this.idsOf(button).flatMap((id) => (id === from ? [to] : id === to ? [from] : []))));
    const far = (other) => {
      const b = this.boxOf(other);
      const [dx, dy] = [Math.abs(b.x - box.x), Math.abs(b.y + b.h / 2 - box.y - box.h / 2)];
      const isLinked = this.idsOf(other).some((id) => linked.has(id));
      return axis === "x" ? dx * 4 + dy - (isLinked ? 1200 : 0) : dy;
    };
    const isThere = (other) => (this.boxOf(other)[axis] - box[axis]) * sign > (axis === "x" ? WIDE / 2 : 4);
    const isBeside = (other) => axis === "x" || Math.abs(this.boxOf(other).x - box.x) < WIDE / 2;
    const there = [...this.canvas.querySelectorAll("button")].filter((other) => isThere(other) && isBeside(other));
    return there.sort((a, b) => far(a) - far(b))[0];
  }

  idsOf(button) {
    const { id, group, more } = button.dataset;
    if (id) return [id];
    const item = this.columns.flatMap((column) => column.items).find((each) => each.key === (group || more));
    return (more ? item.hidden : item.members).map((node) => node.id);
  }

  boxOf(button) {
    const frame = button.parentElement.classList.contains("frame") ? button.parentElement : button;
    return { x: frame.offsetLeft, y: frame.offsetTop, w: button.offsetWidth, h: button.offsetHeight };
  }

  button(id) {
    return this.canvas.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  jump(event) {
    const picture = this.overview.firstElementChild.getBoundingClientRect();
    const [x, y] = [(event.clientX - picture.left) / picture.width, (event.clientY - picture.top) / picture.height];
    this.view.isFitted = false;
    this.view.bring({ x: x * this.plan.width, y: y * this.plan.height, w: 0, h: 0 }, true);
  }

  fill() {
    this.view.isFitted = true;
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  fit() {
    this.resize();
    this.view.fit(this.plan.boxes.get(this.chosen));
    this.resize();
  }

  // The frame is as high as the map at its size, within limits; a window of its own is filled.
  resize() {
    const isFull = this.root.getRootNode().fullscreenElement === this.root;
    this.frame.style.height = isFull ? "" : `${Math.min(TALLEST, Math.max(SMALL, this.plan.height * this.view.zoom + 2))}px`;
    this.view.apply();
  }

  resized() {
    if (!this.plan) return;
    if (this.view.isFitted) this.fit();
    else this.resize();
  }

  moved() {
    if (this.percent) this.percent.textContent = `${Math.round(this.view.zoom * 100)} %`;
    this.overview.hidden = this.view.isWhole;
    if (!this.view.isWhole && this.isLit) this.overview.replaceChildren(overview(this.plan, this.columns, this.view.seen, this.isLit));
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  root.lineage ??= new LineageMap(root);
  root.lineage.show(data, (id) => setTriggerValue("open", id));
}
