/** The terminal of a run of a job: VS Code draws it, so colours, progress bars, following and scrollback are its own. */

import * as vscode from "vscode";

import { Flow } from "./flow";
import type { Job } from "./job";
import { LineEditor } from "./line_editor";
import type { Screen } from "./surroundings";

const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";
/** Erase the display and its scrollback, and go home (ECMA-48, and xterm's 3). */
const CLEAR = "\x1b[2J\x1b[3J\x1b[H";
/** A terminal that ends within 500 ms is said to have failed to launch, and its exit status is not told. */
const SHORTEST_LIFE_MS = 600;
/** How long the end of a job waits for a terminal to draw the last of it, lest a window that is gone keep its task. */
const LAST_DRAWN_MS = 5_000;

export class JobTerminal implements vscode.Pseudoterminal, Screen {
  private readonly writing = new vscode.EventEmitter<string>();
  private readonly closing = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.writing.event;
  readonly onDidClose = this.closing.event;
  private readonly flow = new Flow((text) => {
    this.writing.fire(text);
  });
  private readonly editor = new LineEditor();
  private midline = false;
  private ended = false;
  private openedAt = 0;

  /** `begin` is called once the terminal can show something. */
  constructor(
    private readonly job: Job | undefined,
    private readonly begin: (screen: JobTerminal) => void,
  ) {}

  open(): void {
    this.openedAt = performance.now();
    this.begin(this);
  }

  /** The user closed it. */
  close(): void {
    this.ended = true;
    this.flow.abandon();
    this.job?.closed(this);
  }

  text(data: string): void {
    if (data !== "") {
      this.midline = !data.endsWith("\n");
      // What a job writes into a pipe has no terminal driver that would do this.
      this.flow.write(data.replaceAll("\n", "\r\n"));
    }
  }

  /** Forget what an earlier run, or a part of this one, left here. */
  clear(): void {
    this.flow.write(CLEAR);
  }

  note(text: string): void {
    this.text(`${PLAIN}${this.midline ? "\n" : ""}${DIM}[${text.replaceAll("\n", " ")}]${PLAIN}\n`);
  }

  room(): Promise<void> {
    return this.flow.drawn();
  }

  over(status: number): void {
    if (this.ended) {
      return;
    }
    this.ended = true;
    // VS Code finds problems in what was drawn, and forgets those of a task whose terminal has closed.
    const drawn = Promise.race([this.flow.drawn(), pause(LAST_DRAWN_MS)]);
    const lived = pause(Math.max(0, this.openedAt + SHORTEST_LIFE_MS - performance.now()));
    void Promise.all([drawn, lived]).then(() => {
      this.closing.fire(status);
    });
  }

  handleInput(input: string): void {
    const typed = this.flow.hear(input);
    if (this.ended || this.job === undefined) {
      return;
    }
    for (const one of this.editor.type(typed)) {
      switch (one.kind) {
        case "echo":
          this.midline = !one.text.endsWith("\n");
          this.writing.fire(one.text);
          break;
        case "line":
          this.write(one.text);
          break;
        case "interrupt":
          this.job.stop(this.job.state === "stopping" ? 0 : undefined);
          break;
        case "end":
          this.write("", true);
      }
    }
  }

  private write(text: string, close = false): void {
    this.job?.withSession((session) => {
      session.write(text, close);
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
