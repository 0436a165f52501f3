// How it looks: the colors are Streamlit's variables, so that light and dark are right without a word from the server.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const tint = (color, share) => `color-mix(in srgb, ${color} ${share}%, transparent)`;
const TEXT = "var(--st-text-color)", QUIET = "var(--st-gray-text-color)", LINE = "var(--st-border-color)";
const ACCENT = "var(--st-primary-color)", RED = "var(--st-red-text-color)";
const WAVE = `url('data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="6" height="3"><path d="m0 2.5 l2 -1.5 l1 0 l2 1.5 l1 0" stroke="%23d1435b" fill="none" stroke-width=".8"/></svg>')`;

const frame = EditorView.theme({
  "&": { color: TEXT, backgroundColor: "var(--st-background-color)", fontSize: "12.6px", maxHeight: "70vh",
    border: `1px solid ${LINE}`, borderRadius: "var(--st-base-radius)", overflow: "hidden" },
  "&.cm-focused": { outline: `2px solid ${ACCENT}`, outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--st-code-font, monospace)", lineHeight: "21px", overflow: "auto" },
  ".cm-content": { caretColor: TEXT, padding: "8px 0", minHeight: "var(--least-height)" },
  ".cm-gutter": { minHeight: "var(--least-height)" },
  ".cm-cursor": { borderLeftColor: TEXT },
  ".cm-gutters": { backgroundColor: "transparent", color: QUIET, border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "44px", padding: "0 10px 0 4px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: tint(TEXT, 4) },
  ".cm-activeLineGutter": { color: TEXT },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: `${tint(ACCENT, 25)} !important` },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: tint(ACCENT, 18), outline: "none" },
  ".cm-placeholder": { color: QUIET },
  ".cm-tooltip": { backgroundColor: "var(--st-background-color)", color: TEXT, border: `1px solid ${LINE}`, borderRadius: "var(--st-base-radius)",
    boxShadow: "0 4px 14px rgba(16, 24, 40, .14)", overflow: "hidden", zIndex: 100 },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--st-code-font, monospace)", maxHeight: "212px", minWidth: "260px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", gap: "1rem", padding: "3px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: tint(ACCENT, 14), color: TEXT },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--st-link-color)", fontWeight: "600" },
  ".cm-completionDetail": { marginLeft: "auto", fontStyle: "normal", color: QUIET, fontFamily: "var(--st-font)" },
  ".cm-diagnostic": { borderLeft: "none", padding: "5px 10px", fontFamily: "var(--st-font)" },
  ".cm-lintRange-error": { backgroundImage: WAVE },
});
const errors = EditorView.theme({
  ".cm-wrong, .cm-wrong.cm-activeLine": { backgroundColor: "var(--st-red-background-color)" },
  ".cm-wrongNumber": { color: RED, fontWeight: "600", backgroundColor: "var(--st-red-background-color)" },
  ".cm-wrongNumber::before": { content: '"\u2298"', float: "left", marginLeft: "6px" },
  // Of a line that is wider than the editor it stays in sight.
  ".cm-why": { display: "inline-block", position: "sticky", right: "0", maxWidth: "26rem", marginLeft: "24px", padding: "0 12px",
    color: RED, backgroundColor: "var(--st-red-background-color)", fontFamily: "var(--st-font)", fontSize: "12px", lineHeight: "18px",
    verticalAlign: "top", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },
});
const marks = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--st-violet-text-color)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--st-green-text-color)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--st-orange-text-color)" },
  { tag: [tags.standard(tags.name), tags.typeName, tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))],
    color: "var(--st-blue-text-color)" },
  { tag: tags.comment, color: QUIET, fontStyle: "italic" },
]);
export const looks = [frame, errors, syntaxHighlighting(marks)];
