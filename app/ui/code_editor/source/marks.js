// What is wrong stands at its line: a tint, a sign beside the number, a wave below the text and the message at the end.
import { setDiagnostics } from "@codemirror/lint";
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, WidgetType, gutterLineClass } from "@codemirror/view";
import { RangeSet } from "@codemirror/state";

class Why extends WidgetType {
  constructor(message) {
    super();
    this.message = message;
  }
  eq(other) {
    return other.message === this.message;
  }
  toDOM() {
    const why = document.createElement("span");
    why.className = "cm-why";
    why.title = why.textContent = this.message;
    return why;
  }
}
class WrongNumber extends GutterMarker {
  elementClass = "cm-wrongNumber";
}
const setErrors = StateEffect.define();
const NOTHING = { lines: Decoration.none, numbers: RangeSet.empty };

/** Errors as places in the document; one whose line is not there stands at the last one. */
function placed(doc, errors) {
  const places = errors.map((error) => ({ ...error, at: doc.line(Math.min(Math.max(error.line, 1), doc.lines)) }));
  return places.sort((one, other) => one.at.from - other.at.from);
}

function drawn(doc, errors) {
  const places = placed(doc, errors);
  const lines = places.flatMap(({ at, message }) => [
    Decoration.line({ class: "cm-wrong" }).range(at.from),
    Decoration.widget({ widget: new Why(message), side: 1 }).range(at.to),
  ]);
  return {
    lines: Decoration.set(lines, true),
    numbers: RangeSet.of(places.map(({ at }) => new WrongNumber().range(at.from)), true),
  };
}

export const errorMarks = StateField.define({
  create: () => NOTHING,
  update(marks, transaction) {
    const news = transaction.effects.find((effect) => effect.is(setErrors));
    if (news) return drawn(transaction.state.doc, news.value);
    return { lines: marks.lines.map(transaction.changes), numbers: marks.numbers.map(transaction.changes) };
  },
  provide: (field) => [
    EditorView.decorations.from(field, (marks) => marks.lines),
    gutterLineClass.from(field, (marks) => marks.numbers),
  ],
});

export function markErrors(view, errors) {
  const diagnostics = placed(view.state.doc, errors).map(({ at, message }) => ({
    from: at.from + (at.text.length - at.text.trimStart().length), to: at.to, severity: "error", message,
  }));
  view.dispatch(setDiagnostics(view.state, diagnostics), { effects: setErrors.of(errors) });
}
