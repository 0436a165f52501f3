// The axis of time on which the borders between splits are dragged. Days are whole numbers since 1970, so sums are exact
// and no time zone moves a border. DOM is built with textContent only.
const SVG = "http://www.w3.org/2000/svg";
const DAY = 86400000;
const LEFT = 56, RIGHT = 12, TOP = 62, BARS = 150, FOOT = 22, LINE = 66;
const PAUSE = 500;

function shape(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function iso(day) {
  return new Date(day * DAY).toISOString().slice(0, 10);
}

class Axis {
  constructor(host) {
    this.host = host;
    this.focus = -1;
    this.observer = new ResizeObserver(() => this.data && this.redraw());
    this.observer.observe(host);
  }

  leave() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  show(data, send) {
    this.send = send;
    this.data = data;
    if (this.dragged) return;
    clearTimeout(this.timer);
    this.splits = data.splits.map((split) => ({ ...split }));
    this.redraw();
  }

  /** Every border has a split before it, after it, or both; between both lies the gap, which stays. */
  borders() {
    const last = this.splits.length - 1;
    return this.splits.flatMap((split, at) => [
      ...(at === 0 ? [{ after: 0, day: split.start, gap: 0 }] : []),
      at === last ? { before: at, day: split.end, gap: 0 } : { before: at, after: at + 1, day: split.end, gap: this.splits[at + 1].start - split.end },
    ]);
  }

  move(number, wanted) {
    const { before, after, gap } = this.borders()[number];
    const least = before === undefined ? this.data.first : this.splits[before].start + 1;
    const most = after === undefined ? this.data.last : this.splits[after].end - 1 - gap;
    const day = Math.min(Math.max(Math.round(wanted), least), Math.max(least, most));
    if (before !== undefined) this.splits[before].end = day;
    if (after !== undefined) this.splits[after].start = day + gap;
  }

  done() {
    this.send("moved", this.splits.map((split) => [split.name, iso(split.start), iso(split.end)]));
  }

  x(day) {
    return LEFT + ((day - this.data.first) / (this.data.last - this.data.first)) * (this.width - LEFT - RIGHT);
  }

  day(x) {
    return this.data.first + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (this.data.last - this.data.first);
  }

  colorOf(day) {
    const at = this.splits.findIndex((split) => day >= split.start && day < split.end);
    return at < 0 ? "none" : `s${at % 4}`;
  }

  sums(split) {
    let rows = 0, weighted = 0;
    for (const [day, count, level] of this.data.days) {
      if (day < split.start || day >= split.end) continue;
      rows += count;
      weighted += count * (level ?? 0);
    }
    return { rows, level: rows ? weighted / rows : null };
  }

  number(value) {
    return value.toLocaleString("en-US").replaceAll(",", "\u2009");
  }

  percent(share) {
    return `${(share * 100).toFixed(1)}\u202f%`;
  }

  when(day) {
    const options = { day: "numeric", month: "short", timeZone: "UTC", ...(this.years ? { year: "numeric" } : {}) };
    return new Date(day * DAY).toLocaleDateString(this.data.locale, options);
  }

  draw() {
    this.width = Math.max(320, this.host.clientWidth);
    this.years = this.data.last - this.data.first > 366;
    const hasLine = this.data.days.some(([, , level]) => level !== null);
    this.height = TOP + BARS + FOOT + (hasLine ? LINE + 18 : 0);
    const svg = shape("svg", { width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}` });
    svg.append(shape("title", {}, this.data.words.title));
    this.zones(svg);
    this.bars(svg);
    this.ticks(svg);
    if (hasLine) this.line(svg);
    this.heads(svg);
    this.borders().forEach((border, number) => svg.append(this.grip(border, number)));
    this.svg = svg;
    this.host.replaceChildren(svg);
    if (this.focus >= 0) svg.querySelectorAll(".grip")[this.focus]?.focus();
  }

  zones(svg) {
    this.splits.forEach((split, at) => {
      const x = this.x(split.start);
      svg.append(shape("rect", { class: `zone s${at % 4}`, x, y: TOP, width: Math.max(1, this.x(split.end) - x), height: BARS }));
    });
  }

  bars(svg) {
    const most = Math.max(...this.data.days.map(([, rows]) => rows));
    const step = this.x(this.data.first + this.data.width) - this.x(this.data.first);
    for (const [day, rows] of this.data.days) {
      const height = Math.max(1, (rows / most) * (BARS - 12));
      svg.append(shape("rect", { class: `bar ${this.colorOf(day)}`, x: this.x(day), y: TOP + BARS - height, width: Math.max(0.6, step - (step > 3 ? 1 : 0)), height }));
    }
    for (const share of [0.5, 1]) {
      const y = TOP + BARS - share * (BARS - 12);
      svg.append(shape("line", { class: "rule", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }));
      svg.append(shape("text", { class: "tick end", x: LEFT - 12, y: y + 4 }, this.number(Math.round(most * share))));
    }
  }

  ticks(svg) {
    const room = Math.max(2, Math.floor((this.width - LEFT) / 130));
    for (let at = 0; at <= room; at += 1) {
      const day = Math.round(this.data.first + (at / room) * (this.data.last - 1 - this.data.first));
      const side = at === 0 ? "begin" : at === room ? "end" : "middle";
      svg.append(shape("text", { class: `tick ${side}`, x: this.x(day), y: TOP + BARS + 16 }, this.when(day)));
    }
  }

  line(svg) {
    const top = TOP + BARS + FOOT + 18;
    const levels = this.data.days.filter(([, , level]) => level !== null);
    const values = levels.map(([, , level]) => level);
    const low = Math.min(...values), high = Math.max(...values);
    const y = (value) => top + LINE - 6 - ((value - low) / (high - low || 1)) * (LINE - 12);
    const written = (value) => (this.data.isShare ? this.percent(value) : Number(value.toPrecision(3)).toString());
    svg.append(shape("text", { class: "tick begin", x: LEFT, y: top - 4 }, this.data.words.level));
    for (const value of high > low ? [low, high] : [low]) svg.append(shape("text", { class: "tick end", x: LEFT - 12, y: y(value) + 4 }, written(value)));
    for (const split of this.splits) this.mean(svg, levels, split, y);
    for (const [day, , level] of levels) svg.append(shape("circle", { class: `dot ${this.colorOf(day)}`, cx: this.x(day + this.data.width / 2), cy: y(level), r: levels.length > 200 ? 1 : 1.8 }));
  }

  /** The mean of about a week, within a split. */
  mean(svg, levels, split, y) {
    const own = levels.filter(([day]) => day >= split.start && day < split.end);
    const half = Math.max(1, Math.round(3 / this.data.width));
    const at = own.map(([day], index) => {
      const near = own.slice(Math.max(0, index - half), index + half + 1);
      const rows = near.reduce((sum, [, count]) => sum + count, 0);
      const value = near.reduce((sum, [, count, level]) => sum + count * level, 0) / rows;
      return `${this.x(day + this.data.width / 2).toFixed(1)} ${y(value).toFixed(1)}`;
    });
    if (at.length > 1) svg.append(shape("path", { class: `mean ${this.colorOf(split.start)}`, d: `M${at.join("L")}` }));
  }

  /** Over each split its name, its days, its rows and how its labels are, which change while a border moves. */
  heads(svg) {
    const all = this.data.days.reduce((sum, [, rows]) => sum + rows, 0);
    const places = this.places();
    this.splits.forEach((split, at) => {
      const { rows, level } = this.sums(split);
      const x = places[at];
      const balance = level === null || !this.data.words.short ? "" : ` · ${this.data.words.short} ${this.data.isShare ? this.percent(level) : Number(level.toPrecision(3))}`;
      svg.append(shape("rect", { class: `bar s${at % 4}`, x, y: 4, width: 10, height: 10, rx: 2 }));
      svg.append(shape("text", { class: "name", x: x + 15, y: 13 }, split.title));
      svg.append(shape("text", { class: "tick begin", x, y: 30 }, `${this.when(split.start)} – ${this.when(split.end - 1)}`));
      const count = this.data.width === 1 ? this.number(rows) : `≈ ${this.number(rows)}`;
      svg.append(shape("text", { class: rows ? "tick begin" : "tick begin bad", x, y: 46 }, `${count} · ${this.percent(all ? rows / all : 0)}${balance}`));
    });
  }

  /** Where the heads stand: over their splits, and beside each other where those are narrow. */
  places() {
    const wide = Math.min(175, this.width / this.splits.length);
    const places = this.splits.map((split) => this.x(split.start));
    for (let at = 1; at < places.length; at += 1) places[at] = Math.max(places[at], places[at - 1] + wide);
    let end = this.width - wide;
    for (let at = places.length - 1; at >= 0; at -= 1, end -= wide) places[at] = Math.max(0, Math.min(places[at], end));
    return places;
  }

  grip(border, number) {
    const x = this.x(border.day);
    const group = shape("g", { class: "grip", tabindex: 0, role: "slider", "aria-orientation": "horizontal", "aria-valuemin": this.data.first, "aria-valuemax": this.data.last, "aria-valuenow": border.day, "aria-valuetext": iso(border.day), "aria-label": this.labelOf(border) });
    group.append(
      shape("line", { x1: x, x2: x, y1: TOP, y2: TOP + BARS }),
      shape("rect", { class: "hit", x: x - 11, y: TOP, width: 22, height: BARS }),
      shape("rect", { class: "handle", x: x - 6, y: TOP + BARS / 2 - 16, width: 12, height: 32, rx: 4 }),
      shape("path", { d: `M${x - 2} ${TOP + BARS / 2 - 7}v14M${x + 2} ${TOP + BARS / 2 - 7}v14` }),
    );
    group.onpointerdown = (event) => this.grab(event, number);
    group.onkeydown = (event) => this.key(event, number);
    group.onfocus = () => { this.focus = number; };
    group.onblur = () => { if (!this.redrawing) this.focus = -1; };
    return group;
  }

  labelOf({ before, after }) {
    const { starts, ends } = this.data.words;
    return before !== undefined ? ends.replace("{name}", this.splits[before].title) : starts.replace("{name}", this.splits[after].title);
  }

  redraw() {
    this.redrawing = true;
    this.draw();
    this.redrawing = false;
  }

  grab(event, number) {
    event.preventDefault();
    this.focus = number;
    this.dragged = true;
    const follow = (moved) => {
      this.move(number, this.day(moved.clientX - this.host.getBoundingClientRect().left));
      this.redraw();
    };
    const release = () => {
      this.dragged = false;
      window.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", release);
      this.done();
    };
    window.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", release);
  }

  key(event, number) {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(number, this.borders()[number].day + step * (event.shiftKey ? 7 : 1));
    this.redraw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.done(), PAUSE);
  }
}

const mounted = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".axis");
  if (!mounted.has(host)) mounted.set(host, new Axis(host));
  const axis = mounted.get(host);
  axis.show(data, setTriggerValue);
  return () => {
    axis.leave();
    mounted.delete(host);
  };
}
