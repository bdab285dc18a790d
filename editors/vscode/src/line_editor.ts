/**
 * What is typed into the terminal of a job, whose stdin is a pipe: lines are edited here, as a terminal driver does it
 * for programs that read lines, and echoed.
 */

export type Typed =
  /** Show this. */
  | { kind: "echo"; text: string }
  /** A line, its end included, for stdin. */
  | { kind: "line"; text: string }
  /** Ctrl-C. */
  | { kind: "interrupt" }
  /** Ctrl-D on an empty line. */
  | { kind: "end" };

/** Keys that are more than a character: arrows, function keys and the answers of terminals. They do nothing here. */
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|O.|.)?/g;
/** Characters that a terminal draws in two cells, and those that it draws into the cell before. */
const WIDE =
  /(?![\uff61-\uffdc])[\p{sc=Han}\p{sc=Hangul}\p{sc=Hira}\p{sc=Kana}\u3000-\u303e\uff01-\uff60]|\p{EPres}/u;
const JOINED = /[\p{M}\u200d]/u;
const ERASE = "\b \b";

/** What erases a character that was echoed. */
function erasing(key: string): string {
  return JOINED.test(key) ? "" : ERASE.repeat(WIDE.test(key) ? 2 : 1);
}

export class LineEditor {
  private line: string[] = [];

  /** Read what came from the keyboard or the clipboard. */
  type(input: string): Typed[] {
    return Array.from(input.replace(SEQUENCES, "").replace(/\r\n/g, "\r"), (key) => this.key(key)).flat();
  }

  private key(key: string): Typed[] {
    switch (key) {
      case "\r":
      case "\n":
        return [{ kind: "echo", text: "\r\n" }, { kind: "line", text: `${this.take()}\n` }];
      case "\x7f":
      case "\b":
        return this.line.length === 0 ? [] : [{ kind: "echo", text: erasing(this.line.pop() ?? "") }];
      case "\x15":
        return [{ kind: "echo", text: Array.from(this.take()).reverse().map(erasing).join("") }];
      case "\x03":
        this.line = [];
        return [{ kind: "echo", text: "^C\r\n" }, { kind: "interrupt" }];
      case "\x04":
        return this.line.length > 0 ? [{ kind: "line", text: this.take() }] : [{ kind: "end" }];
      default:
        if (key < " " && key !== "\t") {
          return [];
        }
        this.line.push(key);
        return [{ kind: "echo", text: key }];
    }
  }

  private take(): string {
    const text = this.line.join("");
    this.line = [];
    return text;
  }
}
