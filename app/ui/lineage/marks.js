// Elements of the map. DOM is built with textContent only: titles are what users typed.
const SVG = "http://www.w3.org/2000/svg";

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (tag === "button") made.type = "button";
  if (text !== undefined) made.textContent = text;
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function icon(name) {
  const made = element("span", "icon", name);
  made.setAttribute("aria-hidden", "true");
  return made;
}

function iconButton(name, label, press) {
  const made = element("button", "tool");
  made.append(icon(name));
  made.title = label;
  made.setAttribute("aria-label", label);
  made.onclick = press;
  return made;
}

function placed(made, box) {
  Object.assign(made.style, { left: `${box.x}px`, top: `${box.y}px`, width: `${box.w}px`, height: `${box.h}px` });
  return made;
}

function factLine(color, text) {
  const line = element("span", "fact");
  line.append(element("span", `dot ${color}`), element("span", "words", text));
  return line;
}

function nodeButton(node, box) {
  const made = placed(element("button", "node"), box);
  made.dataset.id = node.id;
  const told = [node.state, node.health, node.why, node.figure].filter(Boolean);
  made.title = [node.whole, ...told].join(" · ");
  made.setAttribute("aria-label", [node.whole, node.id, node.kind, ...told].join(", "));
  const title = element("span", "title");
  title.append(icon(node.icon), element("span", "words", node.title));
  made.append(title, factLine(node.color, `${node.id} · ${node.fact}`));
  return made;
}

function closedGroup(item) {
  const made = placed(element("button", "node group"), item);
  made.dataset.group = item.key;
  made.setAttribute("aria-expanded", "false");
  made.setAttribute("aria-label", `${item.title}, ${item.fact}`);
  const title = element("span", "title");
  title.append(icon(item.icon), element("span", "words", item.title));
  const fact = factLine(item.color, item.fact);
  fact.append(icon("unfold_more"));
  made.append(title, fact);
  return made;
}

function openGroup(item) {
  const frame = placed(element("div", "frame"), item);
  const head = element("button", "head");
  head.dataset.group = item.key;
  head.setAttribute("aria-expanded", "true");
  head.setAttribute("aria-label", item.title);
  head.append(icon(item.icon), element("span", "words", item.title), icon("unfold_less"));
  frame.append(head);
  return frame;
}

function moreButton(item, words) {
  const made = placed(element("button", "more", words.more.replace("{count}", item.hidden.length)), item.more);
  made.dataset.more = item.key;
  return made;
}

// The whole map at a glance, with a frame around what can be seen.
function overview(plan, columns, seen, isLit) {
  const scale = Math.min(150 / plan.width, 60 / plan.height);
  const picture = shape("svg", { viewBox: `0 0 ${plan.width} ${plan.height}`, width: plan.width * scale, height: plan.height * scale });
  for (const item of columns.flatMap((column) => column.items)) {
    const boxes = item.type === "open" ? item.shown.map((node) => [node, plan.boxes.get(node.id)]) : [[item.members[0], item]];
    for (const [node, box] of boxes) {
      picture.append(shape("rect", { x: box.x, y: box.y, width: box.w, height: box.h, rx: 6, class: isLit(node.id) ? "lit" : "" }));
    }
  }
  picture.append(shape("rect", { ...seen, rx: 6, class: "seen" }));
  return picture;
}
