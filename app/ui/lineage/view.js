// What can be seen of the map: moved by drag, by keys and by the overview, enlarged by buttons and Ctrl with the wheel.
const SMALLEST = 0.3, LARGEST = 2, STEP = 1.2;
// Below this the facts are hard to read; the map is moved rather than made smaller, unless somebody asks for all of it.
const READABLE = 0.92;

class View {
  constructor(frame, canvas, changed) {
    Object.assign(this, { frame, canvas, changed, zoom: 1, x: 0, y: 0, covered: 0, isFitted: true, plan: null });
    frame.addEventListener("pointerdown", (event) => this.grab(event));
    frame.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  // The size at which all of it can be seen, as far as it can still be read then.
  fit(center) {
    this.isFitted = true;
    this.zoom = Math.min(1, Math.max(READABLE, this.frame.clientWidth / this.plan.width));
    this.x = Math.max(0, (this.frame.clientWidth - this.plan.width * this.zoom) / 2);
    this.y = 0;
    if (center) this.bring(center, true);
    this.apply();
  }

  fitWhole() {
    this.zoom = Math.max(SMALLEST, Math.min(1, this.frame.clientWidth / this.plan.width, this.frame.clientHeight / this.plan.height));
    this.isFitted = false;
    this.x = (this.frame.clientWidth - this.plan.width * this.zoom) / 2;
    this.y = Math.max(0, (this.frame.clientHeight - this.plan.height * this.zoom) / 2);
    this.apply();
  }

  // Enlarges around a point of the frame, which stays where it is.
  enlarge(factor, px = this.frame.clientWidth / 2, py = this.frame.clientHeight / 2) {
    const zoom = Math.min(LARGEST, Math.max(SMALLEST, this.zoom * factor));
    this.x = px - ((px - this.x) / this.zoom) * zoom;
    this.y = py - ((py - this.y) / this.zoom) * zoom;
    this.zoom = zoom;
    this.isFitted = false;
    this.apply();
  }

  // Moves no more than is needed to see a box, or so that it stands in the middle.
  bring(box, isCentered = false) {
    for (const [axis, size, start] of [["x", "w", "clientWidth"], ["y", "h", "clientHeight"]]) {
      const room = this.frame[start] - (axis === "x" ? this.covered : 0), low = box[axis] * this.zoom, high = (box[axis] + box[size]) * this.zoom;
      if (isCentered) this[axis] = room / 2 - (low + high) / 2;
      else if (low + this[axis] < MARGIN) this[axis] = MARGIN - low;
      else if (high + this[axis] > room - MARGIN) this[axis] = room - MARGIN - high;
    }
    this.apply();
  }

  grab(event) {
    if (event.button !== 0 || event.target.closest("button")) return;
    const [x, y] = [event.clientX - this.x, event.clientY - this.y];
    this.frame.setPointerCapture(event.pointerId);
    this.frame.classList.add("dragged");
    this.frame.onpointermove = (moved) => {
      [this.x, this.y, this.isFitted] = [moved.clientX - x, moved.clientY - y, false];
      this.apply();
    };
    this.frame.onpointerup = this.frame.onpointercancel = () => {
      this.frame.onpointermove = null;
      this.frame.classList.remove("dragged");
    };
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const origin = this.frame.getBoundingClientRect();
    this.enlarge(event.deltaY < 0 ? STEP : 1 / STEP, event.clientX - origin.left, event.clientY - origin.top);
  }

  // No side of the map is drawn further into the frame than it must.
  apply() {
    const free = (room, size) => room - size * this.zoom;
    const [wide, high] = [free(this.frame.clientWidth, this.plan.width), free(this.frame.clientHeight, this.plan.height)];
    this.x = wide >= 0 ? wide / 2 : Math.min(0, Math.max(wide - this.covered, this.x));
    this.y = high >= 0 ? high / 2 : Math.min(0, Math.max(high, this.y));
    this.canvas.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    this.changed();
  }

  get seen() {
    const { clientWidth, clientHeight } = this.frame;
    const [x, y] = [Math.max(0, -this.x / this.zoom), Math.max(0, -this.y / this.zoom)];
    const [right, bottom] = [(clientWidth - this.covered - this.x) / this.zoom, (clientHeight - this.y) / this.zoom];
    return { x, y, width: Math.max(0, Math.min(this.plan.width, right) - x), height: Math.max(0, Math.min(this.plan.height, bottom) - y) };
  }

  get isWhole() {
    return this.plan.width * this.zoom <= this.frame.clientWidth + 1 && this.plan.height * this.zoom <= this.frame.clientHeight + 1;
  }
}
