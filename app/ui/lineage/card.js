// The card at the side: one object, what it rests on and what it leads to, by kind. A click changes the card only.
function sideCard(node, chain, words, act) {
  const card = element("aside", "card");
  card.setAttribute("aria-label", node.whole);
  const head = element("div", "card-head");
  head.append(icon(node.icon), act.name(node), iconButton("close", words.close, act.close));
  const state = element("div", "card-state");
  // What has a health wears its color; where it is in its life is a gray word.
  if (node.health) state.append(element("span", `badge ${node.color}`, node.health), element("span", "gray", node.state));
  else state.append(element("span", `badge ${node.color}`, node.state));
  state.append(element("span", "gray", node.id));
  const facts = element("dl", "card-facts");
  for (const [label, value] of [[words.kind, node.kind], [words.fact, node.figure], [words.changed, node.changed]]) {
    if (value && value !== node.state) facts.append(element("dt", "", label), element("dd", "", value));
  }
  card.append(head, state, ...(node.why ? [element("p", "card-why", node.why)] : []), facts, kinds(words.before, chain.before, words, act), kinds(words.after, chain.after, words, act));
  if (node.opens && !act.isHere(node)) {
    const foot = element("div", "card-foot");
    const open = element("button", "primary", `${words.open} ${node.id}`);
    open.onclick = () => act.open(node.id);
    foot.append(open);
    card.append(foot);
  }
  return card;
}

// A line for each group that is reached: its name, its worst state, and a click that shows it.
function kinds(title, groups, words, act) {
  const box = element("div", "card-part");
  const count = groups.reduce((sum, group) => sum + group.nodes.length, 0);
  const head = element("div", "card-title", title);
  head.append(element("span", "gray", count ? ` ${count}` : ` ${words.nothing}`));
  box.append(head);
  for (const group of groups) {
    const line = element("button", "card-line");
    line.append(icon(group.icon), element("span", "words", group.title), element("span", `badge ${group.color}`, group.fact));
    line.onclick = () => act.show(group.nodes[0].id);
    box.append(line);
  }
  return box;
}
