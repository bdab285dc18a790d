/**
 * Reads the output of a session at the pace of whoever draws it.
 *
 * Node reads a server as fast as it writes and queues what it has read without bound, so output that is sent unasked
 * would fill the memory. Output is therefore asked for: one piece at a time, and the next when the last has been drawn.
 * The server retains the newest of a job that is faster; what it overwrites is told as a number of bytes.
 */

import type { Server } from "./server";
import type { ReadResult } from "./wire";

/** The most that one piece brings: so much is drawn in some milliseconds, in which no key acts. */
export const PIECE_BYTES = 64 * 1024;
/** The same at the end of a job, which is waited for; it is what the server allows. */
const LAST_PIECE_BYTES = 1024 * 1024;
/** What the server retains of a job: so much may come at once, faster than it is read, and nothing is lost. */
export const BACKLOG_BYTES = 2 * 1024 * 1024;
/** From one piece to the next, while output comes. */
const INTERVAL_MS = 10;
/** How long the server lets a read wait for output; then it is asked again. */
const WAIT_MS = 60_000;

export interface Sink {
  /** The next piece, and how many bytes before it were not kept. Resolves when there is room for another. */
  output(data: string, missed: number): Promise<void>;
  /** Everything that the child itself wrote has come, or nothing more ever will: `problem` says why. */
  drained: (problem?: string) => void;
}

export class Reader {
  /** The next byte. */
  offset = 0;
  private running = false;
  private draining = false;

  /** A reader from the first retained byte on. It reads once `resume` is called. */
  constructor(
    private readonly server: Server,
    private readonly session: string,
    private readonly sink: Sink,
  ) {}

  /** Read on, from where it stopped. */
  resume(): void {
    if (!this.running) {
      this.running = true;
      this.read();
    }
  }

  /** Read no more. */
  pause(): void {
    this.running = false;
  }

  /** Read no more, and wait for nothing that an exited child wrote. */
  leave(): void {
    this.running = false;
    if (this.draining) {
      this.draining = false;
      this.sink.drained();
    }
  }

  /**
   * The child has exited: call `drained` once all that it wrote has been read. A process that it left behind may write
   * on; that is read, too, and not waited for.
   */
  drain(): void {
    if (this.running) {
      this.draining = true;
      this.read();
    } else {
      this.sink.drained();
    }
  }

  private read(): void {
    const from = this.offset;
    const params = {
      sessionId: this.session,
      stream: "stdout" as const,
      fromOffset: from,
      maxBytes: this.draining ? LAST_PIECE_BYTES : PIECE_BYTES,
      waitMs: this.draining ? 0 : WAIT_MS,
    };
    this.server.request("session/read", params, (failure, result) => {
      // Two reads may be under way when the job ends: the first answer counts, and goes on.
      if (!this.running || this.offset !== from) {
        return;
      }
      if (failure === undefined) {
        this.take(result);
      } else if (failure.kind !== "ServerGone") {
        // Such as a session that the server has forgotten. That the server itself is gone is told to the job.
        this.running = this.draining = false;
        this.sink.drained(failure.message);
      }
    });
  }

  private take(result: ReadResult): void {
    this.offset = result.nextOffset;
    const came = result.length > 0 || result.missedBytes > 0;
    const drawn = came ? this.sink.output(result.data, result.missedBytes) : Promise.resolve();
    if (this.draining && (result.ended || !came)) {
      this.draining = false;
      this.sink.drained();
    }
    if (result.ended) {
      this.running = false;
    } else if (!came || this.draining) {
      this.readOn(result.nextOffset);
    } else {
      void drawn.then(() => setTimeout(() => {
        this.readOn(result.nextOffset);
      }, INTERVAL_MS));
    }
  }

  /** Unless another read has done so. */
  private readOn(offset: number): void {
    if (this.running && this.offset === offset) {
      this.read();
    }
  }
}

/** Everything that is retained of a session, and how many bytes before it are not. */
export function retained(
  server: Server,
  session: string,
  done: (problem: string | undefined, data: string, missed: number) => void,
): void {
  let [data, missed, length] = ["", 0, 0];
  const read = (fromOffset: number): void => {
    const params = { sessionId: session, stream: "stdout" as const, fromOffset, maxBytes: LAST_PIECE_BYTES };
    server.request("session/read", params, (failure, result) => {
      if (failure !== undefined) {
        done(failure.message, "", 0);
        return;
      }
      data += result.data;
      missed += result.missedBytes;
      length += result.length;
      // A job that floods writes faster than is read here.
      if (result.length === 0 || length >= BACKLOG_BYTES) {
        done(undefined, data, missed);
      } else {
        read(result.nextOffset);
      }
    });
  };
  read(0);
}
