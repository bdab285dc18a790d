/** The words of a command as it is typed: split at blanks, except between quotation marks and behind a backslash. */

const WORD = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs;
const PART = /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs;

export function words(line: string): string[] {
  return (line.match(WORD) ?? []).map((word) =>
    word.replace(PART, (_, escaped?: string, double?: string, single?: string) =>
      escaped ?? double?.replace(/\\(["\\])/g, "$1") ?? single ?? "",
    ),
  );
}
