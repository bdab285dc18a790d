/**
 * One connection to a server: its process, requests that are always answered, notifications, and the end.
 *
 * Rules of this file: a callback of a request is called exactly once, also when the server dies, and never from within
 * the call that sent the request. Callbacks rather than promises, so that an answer acts before what came behind it.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Message, type NotificationMessage, type RequestMessage, type ResponseMessage } from "vscode-jsonrpc/node";
import { StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

import { KINDS } from "./wire";

const METHOD_NOT_FOUND = -32601;
/** How long a server that is given up may take to end in order. */
const ABANDONED_MS = 2_000;
/** So much without a message is none: the longer a reader looks for the end of its header, the slower it becomes. */
const MOST_BEFORE_FIRST_BYTES = 64 * 1024;

/** Why a request was not done. */
export interface Failure {
  /** A sentence for a person. */
  message: string;
  /** A name of the table of errors, or "ServerGone" or "ServerUnavailable". */
  kind: string;
  /** The code on the wire; undefined where the server said nothing. */
  code?: number;
  data?: unknown;
}

/** How a server ended. */
export interface Ending {
  status: number | null;
  signal: NodeJS.Signals | null;
  /** The same for a person. */
  how: string;
}

export type Callback = (failure: Failure | undefined, result: unknown) => void;

export interface Handlers {
  notification(method: string, params: unknown): void;
  /** The server asks for something; it has got its answer, an error, already. */
  request?(message: RequestMessage): void;
  /** A line that the server wrote for people, or what is wrong with what it says. */
  log: (line: string) => void;
  /** The server is gone; every request that waited has its failure by then. */
  ended(ending: Ending): void;
}

export class Connection {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly writer: StreamMessageWriter;
  private readonly waiting = new Map<number, Callback>();
  private count = 0;
  private over = false;

  /** Start a server. One that cannot be started has ended. */
  constructor(
    command: readonly string[],
    private readonly handlers: Handlers,
  ) {
    const [program, ...words] = command;
    this.process = spawn(program ?? "", words, { stdio: "pipe" });
    this.writer = new StreamMessageWriter(this.process.stdin);
    // What cannot be written has no reader any more: its end is told below, to every request.
    this.writer.onError(() => undefined);
    const reader = new StreamMessageReader(this.process.stdout);
    reader.onError((error) => {
      handlers.log(`the server said what is no message: ${error.message}`);
    });
    reader.listen((message) => {
      this.process.stdout.off("data", count);
      this.receive(message);
    });
    let before = 0;
    const count = (data: Buffer): void => {
      before += data.length;
      if (before > MOST_BEFORE_FIRST_BYTES) {
        this.abandon();
        this.end({ status: null, signal: null, how: "by this extension, as what it wrote first is no message," });
      }
    };
    this.process.stdout.on("data", count);
    let line = "";
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      lines.forEach(handlers.log);
    });
    this.process.once("error", (error) => {
      this.end({ status: null, signal: null, how: `before it began: ${error.message}` });
    });
    this.process.once("close", (status, signal) => {
      this.end({ status, signal, how: signal === null ? `with status ${String(status)}` : `by ${signal}` });
    });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Send a request; returns the number that `cancel` takes. */
  request(method: string, params: unknown, callback: Callback): number {
    const id = ++this.count;
    this.waiting.set(id, callback);
    if (this.over) {
      setImmediate(() => {
        this.answer(id, { message: "the server is gone; it is started again at the next use", kind: "ServerGone" });
      });
    } else {
      this.send({ jsonrpc: "2.0", id, method, params } as RequestMessage);
    }
    return id;
  }

  notify(method: string, params: unknown): void {
    if (!this.over) {
      this.send({ jsonrpc: "2.0", method, params } as NotificationMessage);
    }
  }

  /** Ask for an early answer to a request. */
  cancel(id: number): void {
    this.notify("$/cancelRequest", { id });
  }

  /** Close its stdin, upon which it ends in order, with everything that it runs. */
  close(): void {
    this.process.stdin.end();
  }

  /** End one that does not answer, and hear it no more. SIGTERM lets it end in order; what does not is killed. */
  abandon(): void {
    this.process.kill("SIGTERM");
    this.process.stdin.destroy();
    this.process.stdout.destroy();
    this.process.stderr.destroy();
    setTimeout(() => this.process.kill("SIGKILL"), ABANDONED_MS).unref();
  }

  private send(message: Message): void {
    // It rejects where `onError` above has been told, too.
    this.writer.write(message).catch(() => undefined);
  }

  private receive(message: Message): void {
    if (Message.isResponse(message)) {
      const { id, error, result } = message;
      if (typeof id === "number") {
        this.answer(id, error && readable(error.code, error.message, error.data), result);
      } else {
        this.handlers.log(`the server could not read a message: ${error?.message ?? "it does not say why"}`);
      }
    } else if (Message.isRequest(message)) {
      const error = { code: METHOD_NOT_FOUND, message: `no such method: ${message.method}` };
      this.send({ jsonrpc: "2.0", id: message.id, error } as ResponseMessage);
      this.handlers.request?.(message);
    } else if (Message.isNotification(message)) {
      this.handlers.notification(message.method, message.params);
    }
  }

  private answer(id: number, failure: Failure | undefined, result?: unknown): void {
    const callback = this.waiting.get(id);
    this.waiting.delete(id);
    callback?.(failure, result);
  }

  private end(ending: Ending): void {
    if (this.over) {
      return;
    }
    this.over = true;
    for (const id of [...this.waiting.keys()]) {
      this.answer(id, { message: `the server ended ${ending.how} before it answered`, kind: "ServerGone" });
    }
    this.handlers.ended(ending);
  }
}

function readable(code: number, message: string, data: unknown): Failure {
  const named = typeof data === "object" && data !== null && "kind" in data ? data.kind : undefined;
  const kind = typeof named === "string" ? named : (KINDS[code] ?? "UnknownError");
  return { message, kind, code, data };
}
