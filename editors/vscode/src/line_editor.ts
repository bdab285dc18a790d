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
const ERASE = "\b \b";

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
        return this.line.pop() === undefined ? [] : [{ kind: "echo", text: ERASE }];
      case "\x15":
        return [{ kind: "echo", text: ERASE.repeat(Array.from(this.take()).length) }];
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
