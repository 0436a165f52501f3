// Keeps the draft of a training set in the browser. What was kept is handed back once: where the server has nothing but
// what the address says.
const asked = new WeakSet();

export default function ({ data, parentElement, setTriggerValue }) {
  const read = () => {
    try {
      return JSON.parse(sessionStorage.getItem(data.place)) || {};
    } catch {
      return {};
    }
  };
  if (data.isNew) {
    const before = read();
    const isOther = before.basis === data.basis && before.draft !== data.draft;
    if (isOther && !asked.has(parentElement)) setTriggerValue("restored", before.draft);
    asked.add(parentElement);
    return;
  }
  asked.add(parentElement);
  try {
    sessionStorage.setItem(data.place, JSON.stringify({ basis: data.basis, draft: data.draft }));
  } catch {
    // The browser keeps nothing more; the server still has the draft.
  }
}
