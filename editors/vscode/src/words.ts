/** The words of a command as it is typed: split at blanks, except between quotation marks and behind a backslash. */

const WORD = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs;
const PART = /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs;

/** Undefined where a quotation mark has no partner, or nothing stands behind the last backslash. */
export function words(line: string): string[] | undefined {
  if (line.replace(WORD, "").trim() !== "") {
    return undefined;
  }
  return (line.match(WORD) ?? []).map((word) =>
    word.replace(PART, (_, escaped?: string, double?: string, single?: string) =>
      escaped ?? double?.replace(/\\(["\\])/g, "$1") ?? single ?? "",
    ),
  );
}
