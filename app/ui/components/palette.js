// The search palette. DOM is built with textContent only: titles are what users typed.
const MOST = 40;
const RECENT = 7;
const KEPT = 20;
const WAIT_MS = 180;
const DRAWN_MS = 1200;

function score(text, query) {
  // Lower is better: at the start, at a word's start, inside, scattered letters; -1 when they are not all there.
  const lower = text.toLowerCase();
  const at = lower.indexOf(query);
  if (at === 0) return 0;
  if (at > 0) return /[\s\-_/.:]/.test(lower[at - 1]) ? 1 : 2;
  let position = 0;
  for (const letter of query) {
    position = lower.indexOf(letter, position) + 1;
    if (position === 0) return -1;
  }
  return 3;
}

function ranked(entries, query) {
  const found = [];
  entries.forEach((entry, order) => {
    const best = [score(entry.title, query), score(entry.detail, query)].filter((value) => value >= 0);
    if (best.length) found.push({ entry, order, value: Math.min(...best) });
  });
  return found.sort((a, b) => a.value - b.value || a.order - b.order).slice(0, MOST).map((item) => item.entry);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// What this person opened in this browser, the last first.
class Recent {
  constructor(data) {
    Object.assign(this, { place: `causeway.recent.${data.person}`, types: data.types });
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.place) || "[]");
    } catch {
      return [];
    }
  }

  keep(entry) {
    const { key, title, detail, type } = entry;
    const others = this.read().filter((each) => each.key !== key);
    try {
      localStorage.setItem(this.place, JSON.stringify([{ key, title, detail, type }, ...others].slice(0, KEPT)));
    } catch {
      // A browser that keeps nothing has nothing recent.
    }
  }

  // The object whose page is shown, by its address and its heading.
  keepPage() {
    const key = this.here();
    const title = document.querySelector(".st-key-page_header h1")?.textContent.trim();
    if (key && title) this.keep({ key, title, detail: key, type: this.types[window.location.pathname.slice(1)] || "" });
  }

  here() {
    return new URLSearchParams(window.location.search).get("id");
  }
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const dialog = parentElement.querySelector("dialog");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const looking = dialog.querySelector(".looking");
  const trigger = parentElement.querySelector(".trigger");
  const isMac = /Mac|iPhone/.test(navigator.platform);
  trigger.querySelector(".word").textContent = data.words.search;
  trigger.querySelector("kbd").textContent = isMac ? "⌘ K" : "Ctrl K";
  trigger.setAttribute("aria-keyshortcuts", "Control+K Meta+K");
  dialog.setAttribute("aria-label", data.words.search);
  input.placeholder = data.words.placeholder;
  input.setAttribute("aria-label", data.words.placeholder);
  dialog.querySelector("footer").textContent = data.words.help;
  const recent = new Recent(data);
  let shown = [];
  let selected = 0;
  let timer;
  let drawn;

  function option(entry, index) {
    const item = element("li", "option");
    item.setAttribute("role", "option");
    item.id = `option-${index}`;
    item.append(element("span", "title", entry.title));
    if (entry.detail) item.append(element("span", "detail", entry.detail));
    if (entry.health) item.append(element("span", `health ${entry.color}`, entry.health));
    item.append(element("span", "type", entry.type));
    item.addEventListener("mousemove", () => mark(index, false));
    item.addEventListener("click", () => open(index));
    return item;
  }

  function mark(index, scroll) {
    selected = Math.max(0, Math.min(index, shown.length - 1));
    list.querySelectorAll(".option").forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === selected));
      if (at === selected && scroll) item.scrollIntoView({ block: "nearest" });
    });
    input.setAttribute("aria-activedescendant", shown.length ? `option-${selected}` : "");
  }

  // Before anything is typed: what was opened last, else what changed last; then actions and pages.
  function offered() {
    // How an object is was not kept: it is what the server says now.
    const fresh = new Map(data.objects.map((entry) => [entry.key, entry]));
    const kept = recent.read().filter((entry) => entry.key !== recent.here()).slice(0, RECENT).map((entry) => fresh.get(entry.key) || entry);
    const known = new Set([recent.here(), ...kept.map((entry) => entry.key)]);
    const changed = data.objects.filter((entry) => entry.recent && !known.has(entry.key)).slice(0, RECENT - kept.length);
    return [[data.words.recent, kept], [data.words.changed, changed], ["", data.actions], ["", data.pages]];
  }

  function draw() {
    const query = input.value.trim().toLowerCase();
    const groups = query ? [["", ranked([...data.objects, ...data.actions, ...data.pages], query)]] : offered();
    shown = groups.flatMap(([, entries]) => entries);
    list.replaceChildren();
    let index = 0;
    for (const [title, entries] of groups) {
      const name = title || (query ? "" : entries[0]?.type);
      if (entries.length && name) {
        const head = element("li", "group", name);
        head.setAttribute("role", "presentation");
        list.append(head);
      }
      entries.forEach((entry) => list.append(option(entry, index++)));
    }
    const isLooking = query.length > 1 && query !== data.query.toLowerCase();
    looking.textContent = isLooking ? data.words.looking : shown.length ? "" : data.words.nothing;
    mark(0, false);
  }

  function open(index) {
    const entry = shown[index];
    if (!entry) return;
    // A search that came after the choice would run this part of the old page while the new one is drawn.
    clearTimeout(timer);
    if (!entry.key.startsWith("/")) recent.keep(entry);
    dialog.close();
    setTriggerValue("open", entry.key);
  }

  function show() {
    if (dialog.open) return;
    recent.keepPage();
    input.value = "";
    draw();
    dialog.showModal();
    input.focus();
  }

  trigger.onclick = show;
  input.oninput = () => {
    draw();
    clearTimeout(timer);
    const query = input.value.trim();
    if (query.length > 1) timer = setTimeout(() => setStateValue("query", query), WAIT_MS);
  };
  dialog.onkeydown = (event) => {
    event.stopPropagation();
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      mark((selected + moves[event.key] + shown.length) % Math.max(1, shown.length), true);
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(selected);
    }
  };
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close();
  };
  const leave = () => {
    document.removeEventListener("keydown", onKey, true);
    window.navigation?.removeEventListener("currententrychange", onMove);
    clearTimeout(timer);
    clearTimeout(drawn);
  };
  const onKey = (event) => {
    // Where pages change fast this has come after its place was gone, and nobody says so any more.
    if (!dialog.isConnected) return leave();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      event.stopPropagation();
      show();
    }
    // The search comes first: the sidebar's order on screen is not the order in which Streamlit writes it.
    if (event.key === "Tab" && !event.shiftKey && document.activeElement === document.body && !dialog.open) {
      event.preventDefault();
      trigger.focus();
    }
  };
  const onMove = () => {
    clearTimeout(drawn);
    drawn = setTimeout(() => (dialog.isConnected ? recent.keepPage() : leave()), DRAWN_MS);
  };
  document.addEventListener("keydown", onKey, true);
  window.navigation?.addEventListener("currententrychange", onMove);
  onMove();
  if (dialog.open) draw();
  return leave;
}
