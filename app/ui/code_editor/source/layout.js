// SQL laid out anew: white space and the case of keywords change, and nothing else. Python is laid out by the server.
import { duckdb, formatDialect } from "sql-formatter";

/** The text, or what keeps it from being read, with its line. */
export function laidOut(text) {
  try {
    return { text: formatDialect(text, { dialect: duckdb, keywordCase: "upper", tabWidth: 2, expressionWidth: 88 }) };
  } catch (error) {
    const message = error.message.split("\n")[0];
    return { error: { line: Number(/line (\d+)/.exec(message)?.[1] ?? 1), message } };
  }
}

/** Where a place of the text is once white space is another: behind as many letters. */
export function samePlace(before, place, after) {
  let letters = before.slice(0, place).replace(/\s/g, "").length;
  let at = 0;
  while (letters > 0 && at < after.length) if (/\S/.test(after[at++])) letters -= 1;
  return at;
}
