/** What a terminal shows of text, without the terminal: no colours, no overwritten beginnings of lines. */

/** Escape sequences of ECMA-48: CSI, OSC and other strings, and those of two characters. */
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

/** The beginning of one, at the end of a text that goes on. */
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)$/;

/** How long a beginning may be; what is longer has lost its end, and waiting for that would hide what follows. */
const SEQUENCE_CHARACTERS = 4096;

/** Without escape sequences, and of each line what stands behind its last `\r` but those at its end. */
export function plain(text: string): string {
  return text.replace(SEQUENCE, "").split("\n").map(lastDrawn).join("\n");
}

/** Without patterns: those that look for a `\r` from every character on take hours over a line of some megabytes. */
function lastDrawn(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === "\r") {
    end -= 1;
  }
  return line.slice(end === 0 ? 0 : line.lastIndexOf("\r", end - 1) + 1, end);
}

/** Cut a text in front of an escape sequence that it does not finish. */
export function cutWhole(text: string): [whole: string, rest: string] {
  const at = text.slice(-SEQUENCE_CHARACTERS).search(UNFINISHED);
  if (at === -1) {
    return [text, ""];
  }
  const cut = Math.max(0, text.length - SEQUENCE_CHARACTERS) + at;
  return [text.slice(0, cut), text.slice(cut)];
}
