// Marks in the cells of a table that are pressed on and off, and dots in the color of a line.
function dot(cell) {
  const made = document.createElement("span");
  made.className = "dot";
  made.style.background = cell.dot;
  made.setAttribute("aria-hidden", "true");
  return made;
}

function toggle(cell, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = cell.is_on ? "toggle on" : "toggle";
  made.title = cell.text;
  made.setAttribute("aria-label", cell.text);
  made.setAttribute("aria-pressed", String(Boolean(cell.is_on)));
  if (cell.dot) made.style.color = cell.dot;
  const icon = document.createElement("span");
  icon.className = "icon";
  icon.textContent = cell.icon;
  icon.setAttribute("aria-hidden", "true");
  made.append(icon);
  made.onclick = (event) => {
    event.stopPropagation();
    press(cell.press);
  };
  return made;
}

function toggleOf(line, column) {
  return line && line.querySelector(`button[data-column="${column}"]`);
}
