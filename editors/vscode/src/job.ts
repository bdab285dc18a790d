/**
 * A job: a command, its runs one after the other, and the screen that shows the newest run.
 *
 * State: starting → running → stopping → exited; failed (could not be started) and lost (the server died) end it, too.
 */

import { constants } from "node:os";

import { type Spec, nameOf, spawnParams } from "./launch";
import { plain } from "./plain";
import { Reader, type Sink, retained } from "./reader";
import type { Answered, Server } from "./server";
import type { Settings } from "./settings";
import type { ExitedParams, Requests } from "./wire";

export type State = "starting" | "running" | "stopping" | "exited" | "failed" | "lost";

/** Where a run is shown. */
export interface Screen {
  /** Show text that the job wrote. */
  text(data: string): void;
  /** Say something about the job on a line of its own, unlike what the job says. */
  note(text: string): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
  /** Nothing more comes; `status` is what a shell would say of the job. */
  over(status: number): void;
}

export interface Context {
  server: Server;
  settings: () => Settings;
  shell: () => string;
  /** Something changed that lists and status lines show. */
  changed(): void;
  ended(job: Job): void;
  /** Tell the user why something was not done, and what to do. */
  complain(message: string): void;
}

/** What a job uses now. */
export interface Load {
  /** Of one processor, since the last measurement. */
  percent: number;
  bytes: number;
}

/** A method that is about one session. */
type Method = "session/terminate" | "session/signal" | "session/write" | "session/info";
type Rest<M extends Method> = Omit<Requests[M]["params"], "sessionId">;

/** What a shell adds to the number of a signal. */
const BY_SIGNAL = 128;
const FAILED = 1;
/** What a shell says of a command that it cannot execute. */
const NOT_STARTED = 126;

const instance = `vscode-${String(process.pid)}-${Date.now().toString(36)}`;

export class Job {
  runs = 0;
  state: State = "starting";
  exit: ExitedParams | undefined;
  /** Why it could not be started, or how the server ended. */
  problem: string | undefined;
  /** What it uses, as far as somebody asked. */
  load: Load | undefined;
  reader: Reader | undefined;
  private session: string | undefined;
  private screen: Screen | undefined;
  private next: { screen: Screen; spec: Spec } | undefined;
  private stopAsked: number | undefined;
  private measured = { atMs: 0, processorMs: 0 };
  private startedAt = performance.now();
  private awaited = true;
  private endedAt: number | undefined;
  private waiting: (() => void)[] = [];

  constructor(
    readonly number: number,
    public spec: Spec,
    private readonly context: Context,
  ) {}

  get name(): string {
    return nameOf(this.spec);
  }

  get isActive(): boolean {
    return this.state === "starting" || this.state === "running" || this.state === "stopping";
  }

  /** Whether a screen for the next run is on its way. */
  get isAwaited(): boolean {
    return this.awaited;
  }

  /** Whether its output is read. */
  get isAttached(): boolean {
    return this.screen !== undefined;
  }

  /** Whether the server knows the session of this id as this job's. */
  is(session: string): boolean {
    return this.session === session;
  }

  /** Whether it ended otherwise than its user wished. */
  get hasFailed(): boolean {
    if (this.state === "failed" || this.state === "lost") {
      return true;
    }
    return this.state === "exited" && this.exit !== undefined && this.status !== 0 && this.exit.reason !== "request";
  }

  /** How long it has run, or did. */
  get durationMs(): number {
    return this.exit?.durationMs ?? (this.endedAt ?? performance.now()) - this.startedAt;
  }

  /** How it is, in a few words. */
  get description(): string {
    if (this.state !== "exited" || this.exit === undefined) {
      return this.state === "running" && !this.isAttached ? "detached" : this.state;
    }
    return this.exit.reason === "timeout" ? "timed out" : (this.exit.signal ?? `exit ${String(this.exit.exitCode)}`);
  }

  /** What a shell would say of its end. */
  private get status(): number {
    if (this.exit === undefined) {
      return this.state === "failed" ? NOT_STARTED : FAILED;
    }
    const signals: Partial<Record<string, number>> = constants.signals;
    return this.exit.exitCode ?? BY_SIGNAL + (signals[this.exit.signal ?? ""] ?? 0);
  }

  /** A screen for a run is on its way: until it comes, it is starting. */
  expect(): void {
    this.state = "starting";
    this.awaited = true;
    this.exit = this.problem = this.endedAt = undefined;
    this.startedAt = performance.now();
    this.context.changed();
  }

  /** The screen does not come. */
  giveUp(problem: string): void {
    this.awaited = false;
    this.finish("failed", problem);
  }

  /** Run it on this screen; where it still runs, as soon as it has stopped. */
  run(screen: Screen, spec = this.spec): void {
    if (this.awaited || !this.isActive) {
      this.start(screen, spec);
      return;
    }
    this.next?.screen.over(FAILED);
    this.next = { screen, spec };
    if (this.state !== "stopping") {
      this.stop();
    }
  }

  private start(screen: Screen, spec: Spec): void {
    this.forget();
    this.awaited = false;
    this.spec = spec;
    this.runs += 1;
    const session = (this.session = `${instance}-${String(this.number)}.${String(this.runs)}`);
    this.state = "starting";
    this.exit = this.problem = this.endedAt = undefined;
    this.measured = { atMs: performance.now(), processorMs: 0 };
    this.startedAt = performance.now();
    this.screen = screen;
    const { server, settings, shell } = this.context;
    const params = spawnParams(session, this.spec, settings(), shell(), server.environment);
    this.reader = this.readerFor(session);
    server.request("session/spawn", params, (failure) => {
      if (this.session !== session || this.state !== "starting") {
        return;
      }
      if (failure !== undefined) {
        this.finish("failed", failure.message);
        return;
      }
      this.state = "running";
      if (this.screen !== undefined) {
        this.reader?.resume();
      }
      this.context.changed();
      if (this.stopAsked !== undefined) {
        this.stop(this.stopAsked);
      }
    });
    this.context.changed();
  }

  private readerFor(session: string): Reader {
    const sink: Sink = {
      output: (data, missed) => {
        if (missed > 0) {
          this.screen?.note(`${String(missed)} bytes were not kept`);
        }
        this.screen?.text(data);
        return this.screen?.room() ?? Promise.resolve();
      },
      drained: () => {
        if (this.session === session) {
          this.finish("exited");
        }
      },
    };
    return new Reader(this.context.server, session, sink);
  }

  /** It has exited. It is over once everything that it wrote itself has come. */
  exited(exit: ExitedParams): void {
    if (exit.reason === "shutdown") {
      // Nobody here asks for that: somebody else has ended the server.
      this.finish("lost", "the server was told to end");
      return;
    }
    this.exit = exit;
    this.reader?.drain();
  }

  /** The server died; returns whether this job was lost with it, be it that a server which was told to end said so. */
  lose(how: string): boolean {
    const had = this.session !== undefined;
    if (this.isActive && !this.awaited) {
      this.finish("lost", `the server ended ${how}`);
    }
    // What it retained is gone, also where it had exited.
    this.reader?.pause();
    this.session = undefined;
    return had && this.state === "lost";
  }

  private finish(state: "exited" | "failed" | "lost", problem?: string): void {
    const first = this.isActive;
    this.state = state;
    this.problem = problem;
    this.stopAsked = this.load = undefined;
    this.endedAt ??= performance.now();
    const told = problem === undefined ? this.description : `${state}: ${problem}`;
    this.screen?.note(`${told} after ${(this.durationMs / 1000).toFixed(1)} s`);
    this.screen?.over(this.status);
    this.screen = undefined;
    this.reader?.pause();
    if (first) {
      this.context.changed();
      this.context.ended(this);
      this.waiting.splice(0).forEach((resolve) => {
        resolve();
      });
    }
    const next = this.next;
    this.next = undefined;
    if (next !== undefined) {
      this.start(next.screen, next.spec);
    }
  }

  /** Resolves once it is over. */
  whenOver(): Promise<void> {
    return this.isActive ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve();
  }

  /** Ask the server something about this job; a failure is told to the user. */
  private ask<M extends Method>(method: M, rest: Rest<M>, answered?: (result: Requests[M]["result"]) => void): void {
    const sessionId = this.session;
    if (sessionId === undefined || this.state === "failed") {
      const number = String(this.number);
      this.context.complain(`the server has no job ${number} (${this.description}): rerun it`);
      return;
    }
    const params = { ...rest, sessionId } as unknown as Requests[M]["params"];
    const callback: Answered<M> = (failure, result) => {
      if (failure === undefined) {
        answered?.(result);
      } else {
        this.context.complain(`job ${String(this.number)}: ${failure.message}`);
      }
    };
    this.context.server.request(method, params, callback);
  }

  /** Ask it to end; it is killed when its grace is over. 0 kills it, and everything that it started, at once. */
  stop(graceMs = this.context.settings().graceMs): void {
    if (this.state === "starting") {
      // It may not exist yet; its start is waited for.
      this.stopAsked = graceMs;
      return;
    }
    if (this.isActive) {
      this.state = "stopping";
      this.context.changed();
    }
    this.ask("session/terminate", { graceMs });
  }

  /** Stop it softly; a second time, hard. */
  stopHarder(): void {
    this.stop(this.state === "stopping" ? 0 : undefined);
  }

  /** Send a signal, such as "SIGINT", to it and what it started. */
  signal(signal: string): void {
    this.ask("session/signal", { signal });
  }

  /** Write to its stdin; `close` closes that behind the data. */
  write(data: string, close = false): void {
    this.ask("session/write", { data, close });
  }

  /** Read its output no more; it runs on, and the server retains the newest of what it writes. */
  detach(): void {
    if (!this.isActive || this.screen === undefined) {
      this.context.complain(`job ${String(this.number)} is not attached (${this.description})`);
      return;
    }
    this.reader?.pause();
    this.screen.note("detached; Pipe RPC: Attach shows what it wrote");
    this.screen.over(0);
    this.screen = undefined;
    this.context.changed();
  }

  /** Show what is retained of its output on this screen, and what comes. */
  attach(screen: Screen): void {
    if (this.session === undefined || this.state === "failed") {
      screen.note(`the server has no job ${String(this.number)} (${this.description}): rerun it`);
      screen.over(FAILED);
      return;
    }
    this.reader?.pause();
    this.screen?.over(0);
    this.screen = screen;
    this.reader = this.readerFor(this.session);
    this.reader.resume();
    if (!this.isActive) {
      this.reader.drain();
    }
    this.context.changed();
  }

  /** The user has closed this screen: what was shown there is not wanted any more, so it ends, as tasks do. */
  closed(screen: Screen): void {
    if (this.next?.screen === screen) {
      this.next = undefined;
    } else if (this.screen === screen) {
      this.screen = undefined;
      this.reader?.pause();
      if (this.isActive && this.state !== "stopping") {
        this.stop();
      }
    }
  }

  /** Everything that is retained of its output, as text without colours. */
  log(done: (text: string) => void): void {
    if (this.session === undefined || this.state === "failed") {
      this.context.complain(`the server has no job ${String(this.number)} (${this.description}): rerun it`);
      return;
    }
    retained(this.context.server, this.session, (problem, data, missed) => {
      if (problem !== undefined) {
        this.context.complain(`job ${String(this.number)}: ${problem}`);
        return;
      }
      done((missed > 0 ? `[${String(missed)} bytes before this were not kept]\n` : "") + plain(data));
    });
  }

  /** Ask what it uses now. It may end meanwhile, which is told otherwise. */
  measure(): void {
    const sessionId = this.session;
    if (sessionId === undefined || this.state !== "running") {
      return;
    }
    this.context.server.request("session/info", { sessionId, usage: true }, (failure, info) => {
      if (failure !== undefined || info.usage === null || this.session !== sessionId) {
        return;
      }
      const { userMs, systemMs, rssBytes } = info.usage;
      const now = { atMs: performance.now(), processorMs: userMs + systemMs };
      const share = (now.processorMs - this.measured.processorMs) / (now.atMs - this.measured.atMs);
      this.load = { percent: Math.max(0, share * 100), bytes: rssBytes };
      this.measured = now;
      this.context.changed();
    });
  }

  /** Let the server forget the last run. What a job left behind on purpose lives on, unless `force` says otherwise. */
  private forget(force = false): void {
    this.reader?.pause();
    if (this.session !== undefined && this.state !== "failed") {
      // It may have forgotten it already.
      this.context.server.request("session/remove", { sessionId: this.session, force }, () => undefined);
    }
    this.session = undefined;
  }

  /** Forget it: kill what runs, and end its screen. */
  dispose(): void {
    this.forget(true);
    this.screen?.note("disposed");
    this.screen?.over(FAILED);
    this.next?.screen.over(FAILED);
    this.screen = this.next = undefined;
    this.state = "exited";
    this.waiting.splice(0).forEach((resolve) => {
      resolve();
    });
  }
}
