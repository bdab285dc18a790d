/** One run of a job as the server knows it: what can be asked of it. */

import { plain } from "./plain";
import { retained } from "./reader";
import type { Server } from "./server";
import type { Requests } from "./wire";

/** A method that is about one session, and says nothing but that it was done. */
type Method = "session/terminate" | "session/signal" | "session/write";

/** What other clients of the server will hardly have in their ids. */
const INSTANCE = `vscode-${String(process.pid)}-${Date.now().toString(36)}`;

export class Session {
  readonly id: string;

  /** `name` is unique in this window; `complain` is told what the server refuses. */
  constructor(
    private readonly server: Server,
    name: string,
    private readonly complain: (message: string) => void,
  ) {
    this.id = `${INSTANCE}-${name}`;
  }

  /** Ask it to end; it is killed when `graceMs` are over. 0 kills it, and everything that it started, at once. */
  terminate(graceMs: number): void {
    this.ask("session/terminate", { sessionId: this.id, graceMs });
  }

  /** Send a signal, such as "SIGINT", to it and what it started. */
  signal(signal: string): void {
    this.ask("session/signal", { sessionId: this.id, signal });
  }

  /** Write to its stdin; `close` closes that behind the data. */
  write(data: string, close: boolean): void {
    this.ask("session/write", { sessionId: this.id, data, close });
  }

  /** Everything that is retained of its output, as text without colours. */
  log(done: (text: string) => void): void {
    retained(this.server, this.id, (problem, data, missed) => {
      if (problem === undefined) {
        done((missed > 0 ? `[${String(missed)} bytes before this were not kept]\n` : "") + plain(data));
      } else {
        this.complain(problem);
      }
    });
  }

  /** Let the server forget it. What it left behind on purpose lives on; `force` kills what runs. */
  remove(force: boolean): void {
    // It may have been forgotten already.
    this.server.request("session/remove", { sessionId: this.id, force }, () => undefined);
  }

  private ask<M extends Method>(method: M, params: Requests[M]["params"]): void {
    this.server.request(method, params, (failure) => {
      if (failure !== undefined) {
        this.complain(failure.message);
      }
    });
  }
}
