/** What a job uses, from one look to the next. */

import type { Server } from "./server";

/** What a job uses now. */
export interface Load {
  /** Of one processor, since the last measurement. */
  percent: number;
  bytes: number;
}

export class Meter {
  /** Undefined before the first look. */
  load: Load | undefined;
  private last = { atMs: performance.now(), processorMs: 0 };

  constructor(private readonly server: Server) {}

  /** Ask what a session uses now; `changed` is called when that is known. It may end meanwhile, which others tell. */
  read(sessionId: string, changed: () => void): void {
    this.server.request("session/info", { sessionId, usage: true }, (failure, info) => {
      if (failure !== undefined || info.usage === null) {
        return;
      }
      const { userMs, systemMs, rssBytes } = info.usage;
      const now = { atMs: performance.now(), processorMs: userMs + systemMs };
      const share = (now.processorMs - this.last.processorMs) / (now.atMs - this.last.atMs);
      this.load = { percent: Math.max(0, share * 100), bytes: rssBytes };
      this.last = now;
      changed();
    });
  }
}
