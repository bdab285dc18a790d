/**
 * A job: a command, its runs one after the other, and the screen that shows the newest run.
 *
 * State: starting → running → stopping → exited; failed (could not be started) and lost (the server died) end it, too.
 */

import { EventEmitter, once } from "node:events";

import { type Spec, nameOf, spawnParams } from "./launch";
import { type Load, Meter } from "./meter";
import { FAILED, type State, inWords, isFailure, statusOf } from "./outcome";
import { Reader } from "./reader";
import { Session } from "./session";
import { Showing } from "./showing";
import type { Context, Screen } from "./surroundings";
import type { ExitedParams } from "./wire";

export class Job {
  runs = 0;
  state: State = "starting";
  exit: ExitedParams | undefined;
  /** Why it could not be started, or how the server ended. */
  problem: string | undefined;
  reader: Reader | undefined;
  private session: Session | undefined;
  private screen: Screen | undefined;
  private next: { screen: Screen; spec: Spec } | undefined;
  private stopAsked: number | undefined;
  private meter: Meter | undefined;
  private startedAt = performance.now();
  /** Whether a screen for the next run is on its way. */
  isAwaited = true;
  private endedAt: number | undefined;
  private readonly ending = new EventEmitter();

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

  /** What it uses, as far as somebody asked. */
  get load(): Load | undefined {
    return this.isActive ? this.meter?.load : undefined;
  }

  /** Whether its output is read. */
  get isAttached(): boolean {
    return this.screen !== undefined;
  }

  /** Whether the server knows the session of this id as this job's. */
  is(session: string): boolean {
    return this.session?.id === session;
  }

  /** Whether it ended otherwise than its user wished. */
  get hasFailed(): boolean {
    return isFailure(this.state, this.exit);
  }

  /** How long it has run, or did. */
  get durationMs(): number {
    return this.exit?.durationMs ?? (this.endedAt ?? performance.now()) - this.startedAt;
  }

  /** How it is, in a few words. */
  get description(): string {
    return inWords(this.state, this.exit, this.isAttached);
  }

  /** A screen for a run is on its way: until it comes, it is starting. */
  expect(): void {
    this.state = "starting";
    this.isAwaited = true;
    this.exit = this.problem = this.endedAt = undefined;
    this.startedAt = performance.now();
    this.context.changed();
  }

  /** The screen does not come. */
  giveUp(problem: string): void {
    this.isAwaited = false;
    this.finish("failed", problem);
  }

  /** Run it on this screen; where it still runs, as soon as it has stopped. */
  run(screen: Screen, spec = this.spec): void {
    if (this.isAwaited || !this.isActive) {
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
    this.isAwaited = false;
    this.spec = spec;
    this.runs += 1;
    const { server, settings, shell, complain } = this.context;
    const session = new Session(server, `${String(this.number)}.${String(this.runs)}`, (problem) => {
      complain(`job ${String(this.number)}: ${problem}`);
    });
    this.session = session;
    this.state = "starting";
    this.exit = this.problem = this.endedAt = undefined;
    this.meter = new Meter(server);
    this.startedAt = performance.now();
    this.screen = screen;
    const params = spawnParams(session.id, this.spec, settings(), shell(), server.environment);
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

  private readerFor(session: Session): Reader {
    const drained = (problem?: string): void => {
      if (this.session === session) {
        this.finish(problem !== undefined && this.isActive ? "lost" : "exited", problem);
      }
    };
    return new Reader(this.context.server, session.id, new Showing(() => this.screen, drained));
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
    if (this.isActive && !this.isAwaited) {
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
    this.stopAsked = undefined;
    this.endedAt ??= performance.now();
    const told = problem === undefined ? this.description : `${state}: ${problem}`;
    this.screen?.note(`${told} after ${(this.durationMs / 1000).toFixed(1)} s`);
    this.screen?.over(statusOf(state, this.exit));
    this.screen = undefined;
    this.reader?.pause();
    if (first) {
      this.context.changed();
      this.context.ended(this);
      this.ending.emit("over");
    }
    const next = this.next;
    this.next = undefined;
    if (next !== undefined) {
      this.start(next.screen, next.spec);
    }
  }

  /** Resolves once it is over. */
  async whenOver(): Promise<void> {
    if (this.isActive) {
      await once(this.ending, "over");
    }
  }

  /** Do something with its session; where it has none, the user is told. */
  withSession(act: (session: Session) => void): void {
    if (this.session === undefined || this.state === "failed") {
      this.context.complain(`the server has no job ${String(this.number)} (${this.description}): rerun it`);
    } else {
      act(this.session);
    }
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
    this.withSession((session) => {
      session.terminate(graceMs);
    });
  }

  /** Read its output no more; it runs on, and the server retains the newest of what it writes. */
  detach(): void {
    if (!this.isActive || this.screen === undefined) {
      this.context.complain(`job ${String(this.number)} is not attached (${this.description})`);
      return;
    }
    this.screen.note("detached; Pipe RPC: Attach shows what it wrote");
    this.screen.over(0);
    this.screen = undefined;
    this.reader?.leave();
    this.context.changed();
  }

  /** Show what is retained of its output on this screen, and what comes. */
  attach(screen: Screen): void {
    if (this.session === undefined || this.state === "failed") {
      screen.note(`the server knows nothing of it any more (${this.description}): rerun it`);
      screen.over(FAILED);
      return;
    }
    this.reader?.pause();
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
      this.reader?.leave();
      if (this.isActive && this.state !== "stopping") {
        this.stop();
      }
    }
  }

  measure(): void {
    if (this.session !== undefined && this.state === "running") {
      this.meter?.read(this.session.id, this.context.changed);
    }
  }

  /** Let the server forget the last run. What a job left behind on purpose lives on, unless `force` says otherwise. */
  private forget(force = false): void {
    this.reader?.pause();
    if (this.state !== "failed") {
      this.session?.remove(force);
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
    this.ending.emit("over");
  }
}
