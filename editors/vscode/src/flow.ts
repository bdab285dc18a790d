/**
 * Writes to a terminal no faster than the terminal draws.
 *
 * VS Code queues what an extension writes to a terminal without bound and tells nobody how far it has come. But a
 * terminal answers questions, in their place among the text: behind each piece it is asked for its status, and the next
 * piece follows its answer. A window that draws nothing for a while, say one whose connection is lost, gets nothing.
 */

import { cutWhole } from "./plain";

/** Device status report (ECMA-48, 8.3.35): the question, and the answer of a terminal that is well. */
const QUESTION = "\x1b[5n";
const ANSWER = "\x1b[0n";
/** How much is written before an answer is waited for. */
const PIECE_CHARACTERS = 64 * 1024;
/** How long a terminal that has never answered may take; then it is taken for one that does not. */
const FIRST_ANSWER_MS = 2_000;

export class Flow {
  private queue = "";
  private asked = false;
  private answers: boolean | undefined;
  private over = false;
  private waiting: (() => void)[] = [];
  private patience: NodeJS.Timeout | undefined;

  constructor(private readonly send: (text: string) => void) {}

  /** Write a text, behind what was written before. */
  write(text: string): void {
    this.queue += text;
    this.go();
  }

  /** Resolves when everything that was written so far has been drawn, or will never be. */
  drawn(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.go();
    });
  }

  /** Hear what the terminal says; returns what of it is not an answer, so what the user typed. */
  hear(input: string): string {
    if (!input.includes(ANSWER)) {
      return input;
    }
    this.answers = true;
    this.goOn();
    return input.replaceAll(ANSWER, "");
  }

  /** The terminal is gone. */
  abandon(): void {
    this.over = true;
    this.queue = "";
    this.goOn();
  }

  private goOn(): void {
    clearTimeout(this.patience);
    this.asked = false;
    this.go();
  }

  private go(): void {
    if (this.asked) {
      return;
    }
    const [piece, rest] = this.next();
    if (piece === "" || this.over) {
      this.waiting.splice(0).forEach((resolve) => {
        resolve();
      });
      return;
    }
    this.queue = rest;
    if (this.answers === false) {
      this.send(piece);
      this.go();
      return;
    }
    this.asked = true;
    if (this.answers === undefined) {
      this.patience = setTimeout(() => {
        this.answers = false;
        this.goOn();
      }, FIRST_ANSWER_MS);
    }
    this.send(piece + QUESTION);
  }

  /** What is written next: not so much that keys would wait, and no sequence that the question would cut in two. */
  private next(): [piece: string, rest: string] {
    const last = this.queue.charCodeAt(PIECE_CHARACTERS - 1);
    // A character outside the basic plane is two units, which belong together.
    const end = last >= 0xd800 && last <= 0xdbff ? PIECE_CHARACTERS - 1 : PIECE_CHARACTERS;
    const [piece, rest] = cutWhole(this.queue.slice(0, end));
    return [piece, rest + this.queue.slice(end)];
  }
}
