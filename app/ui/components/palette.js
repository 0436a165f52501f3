// The search palette. DOM is built with textContent only: titles are what users typed.
const MOST = 40;
const RECENT = 7;
const WAIT_MS = 180;

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

function byGroup(entries) {
  // Groups in the order of their first entry, which is the most recent one.
  const groups = [...new Set(entries.map((entry) => entry.group))];
  return groups.flatMap((group) => entries.filter((entry) => entry.group === group));
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const dialog = parentElement.querySelector("dialog");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const trigger = parentElement.querySelector(".trigger");
  const isMac = /Mac|iPhone/.test(navigator.platform);
  trigger.querySelector(".word").textContent = data.words.search;
  trigger.querySelector("kbd").textContent = isMac ? "⌘ K" : "Ctrl K";
  trigger.setAttribute("aria-keyshortcuts", "Control+K Meta+K");
  dialog.setAttribute("aria-label", data.words.search);
  input.placeholder = data.words.placeholder;
  input.setAttribute("aria-label", data.words.placeholder);
  dialog.querySelector("footer").textContent = data.words.help;
  let shown = [];
  let selected = 0;
  let timer;

  function option(entry, index) {
    const item = element("li", "option");
    item.setAttribute("role", "option");
    item.id = `option-${index}`;
    item.append(element("span", "title", entry.title));
    if (entry.detail) item.append(element("span", "detail", entry.detail));
    if (entry.type !== entry.group || input.value) item.append(element("span", "type", entry.type));
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

  function draw() {
    const query = input.value.trim().toLowerCase();
    const grouped = !query;
    shown = grouped ? byGroup([...data.objects.filter((entry) => entry.recent).slice(0, RECENT), ...data.pages]) : ranked([...data.objects, ...data.pages], query);
    list.replaceChildren();
    let group = "";
    shown.forEach((entry, index) => {
      if (grouped && entry.group !== group) {
        group = entry.group;
        const head = element("li", "group", group);
        head.setAttribute("role", "presentation");
        list.append(head);
      }
      list.append(option(entry, index));
    });
    if (!shown.length) list.append(element("li", "nothing", data.words.nothing));
    mark(0, false);
  }

  function open(index) {
    const entry = shown[index];
    if (!entry) return;
    // A search that came after the choice would run this part of the old page while the new one is drawn.
    clearTimeout(timer);
    dialog.close();
    setTriggerValue("open", entry.key);
  }

  function show() {
    if (dialog.open) return;
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
  const onKey = (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      event.stopPropagation();
      show();
    }
  };
  document.addEventListener("keydown", onKey, true);
  if (dialog.open) draw();
  return () => {
    document.removeEventListener("keydown", onKey, true);
    clearTimeout(timer);
  };
}
