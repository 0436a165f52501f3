// The code editor of all pages, drawn by component.py. Its text is the person's: the server's replaces it only when the
// server says that it is another one, and the browser keeps it with every key, so that a reload loses nothing.
import { autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionStatus } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, codeFolding, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { languageOf } from "./languages.js";
import { laidOut, samePlace } from "./layout.js";
import { looks } from "./looks.js";
import { errorMarks, markErrors } from "./marks.js";

const PAUSE = 400;

class Editor {
  constructor(parent, data) {
    this.data = data;
    this.language = new Compartment();
    this.hint = new Compartment();
    this.shape = this.errors = "";
    // What the server knows that we sent: its text of that wording is no news.
    this.sent = data.text;
    this.known = new Set([data.text]);
    const draft = this.draft();
    this.host = parent.appendChild(document.createElement("div"));
    // Streamlit's own keys (R, C) are heard on the document, and so is the one of the search.
    this.host.addEventListener("keydown", (event) => isPalette(event) || event.stopPropagation());
    this.view = new EditorView({ root: parent.getRootNode(), parent: this.host, state: this.stateOf(draft ?? data.text) });
    this.foot = this.host.appendChild(footOf(data, () => this.format()));
    if (draft !== null && draft !== data.text) queueMicrotask(() => this.send());
  }

  stateOf(doc) {
    return EditorState.create({
      doc,
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), codeFolding(),
        autocompletion({ icons: false }), highlightActiveLine(), highlightActiveLineGutter(), errorMarks, looks,
        indentUnit.of(this.data.language === "python" ? "    " : "  "),
        EditorView.contentAttributes.of({ "aria-label": this.data.label, "aria-describedby": "keys" }),
        this.language.of([]), this.hint.of([]),
        keymap.of([
          { key: "Mod-Enter", run: () => this.trigger("run") || true }, { key: "Shift-Alt-f", run: () => this.format() || true },
          ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap, indentWithTab,
        ]),
        EditorView.updateListener.of((update) => this.updated(update)),
        EditorView.domEventHandlers({ blur: () => this.send() }),
      ],
    });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  updated(update) {
    if (update.docChanged || update.selectionSet) this.place();
    // Names that come up once somebody has gone elsewhere would lie over it.
    if (completionStatus(update.state) && !update.view.hasFocus) queueMicrotask(() => this.view && closeCompletion(this.view));
    if (!update.docChanged) return;
    this.keep();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), PAUSE);
  }

  place() {
    const { head } = this.view.state.selection.main;
    const line = this.view.state.doc.lineAt(head);
    this.foot.firstChild.textContent = this.data.words.place.replace("{line}", line.number).replace("{column}", head - line.from + 1);
  }

  /** What the server gets: the text, and what it began with. */
  message() {
    clearTimeout(this.timer);
    this.sent = this.text;
    this.known.add(this.sent);
    return { text: this.sent, basis: this.data.basis, version: this.data.version };
  }

  send() {
    if (this.view && this.text !== this.sent) this.setState("text", this.message());
  }

  trigger(what) {
    this.setTrigger(what, this.message());
  }

  format() {
    if (this.data.language !== "sql") return this.trigger("format");
    const before = this.text, { text, error } = laidOut(before);
    if (error) return markErrors(this.view, [error]);
    const anchor = samePlace(before, this.view.state.selection.main.head, text);
    if (text !== before) this.view.dispatch({ changes: { from: 0, to: before.length, insert: text }, selection: { anchor }, scrollIntoView: true });
    this.view.focus();
  }

  keep() {
    try {
      const { basis, version } = this.data;
      sessionStorage.setItem(this.data.place, JSON.stringify({ basis, version, text: this.text }));
    } catch {
      // The browser keeps nothing more; the server still has what it was sent.
    }
  }

  /** What was typed here before: after a reload, or a visit to another page. Null when the server has another text. */
  draft() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.data.place));
      const isSame = !this.data.basis || kept.basis === this.data.basis;
      return isSame && (!this.data.version || kept.version === this.data.version) ? kept.text : null;
    } catch {
      return null;
    }
  }

  draw(data) {
    const isOther = data.basis !== this.data.basis || data.version !== this.data.version;
    this.data = data;
    if (isOther) this.follow();
    const shape = JSON.stringify([data.language, data.tables, data.features, data.placeholder]);
    if (shape !== this.shape) {
      this.shape = shape;
      const hint = data.placeholder ? placeholder(data.placeholder) : [];
      this.view.dispatch({ effects: [this.language.reconfigure(languageOf(data)), this.hint.reconfigure(hint)] });
    }
    const errors = JSON.stringify([data.basis, data.version, data.errors]);
    if (errors !== this.errors) {
      this.errors = errors;
      markErrors(this.view, data.errors);
    }
    this.host.style.setProperty("--least-height", `${data.height}px`);
    this.place();
  }

  /** The server has another text: it comes in, unless it is what we sent, or somebody has typed on meanwhile. */
  follow() {
    const stays = this.known.has(this.data.text) || this.text !== this.sent;
    this.known = new Set([this.data.text]);
    this.sent = this.data.text;
    if (!stays) this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: this.data.text } });
    this.keep();
    if (this.text !== this.sent) queueMicrotask(() => this.send());
  }

  /** The page is left. What was not sent yet is kept by the browser: sending it now would draw the next page twice. */
  close() {
    clearTimeout(this.timer);
    const view = this.view;
    this.view = null;
    view.destroy();
    this.host.remove();
  }
}

function isPalette(event) {
  return (event.ctrlKey || event.metaKey) && event.key === "k";
}

function footOf(data, format) {
  const foot = document.createElement("div");
  foot.className = "foot";
  const keys = document.createElement("span");
  keys.id = "keys";
  keys.textContent = data.words.keys;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = data.words.format;
  button.title = "Shift+Alt+F";
  button.addEventListener("click", format);
  foot.append(document.createElement("span"), keys, button);
  return foot;
}

const editors = new WeakMap();
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const editor = editors.get(parentElement) ?? new Editor(parentElement, data);
  editors.set(parentElement, editor);
  editor.setState = setStateValue;
  editor.setTrigger = setTriggerValue;
  editor.draw(data);
  return () => {
    editor.close();
    editors.delete(parentElement);
  };
}
