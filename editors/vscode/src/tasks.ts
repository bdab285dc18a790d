/**
 * Jobs as tasks of VS Code, those of tasks.json and those that commands start: so the Terminal panel shows them, problem
 * matchers read them, and Terminate, Restart and Rerun Last Task act on them.
 */

import { homedir } from "node:os";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";

import * as vscode from "vscode";

import type { Job } from "./job";
import type { Jobs } from "./jobs";
import { type Spec, mistake, nameOf } from "./launch";
import type { Settings } from "./settings";
import type { Terminals } from "./terminals";
import { JobTerminal } from "./terminal";

export const TASK_TYPE = "pipe-rpc";

/** What a task in tasks.json says. */
interface Definition extends vscode.TaskDefinition, Spec {
  /** The job that a command made for it: two tasks of the same definition would be one to VS Code. */
  job?: number;
}

/** What a shell says of a command that is not meant for it. */
const MISUSED = 2;
/** How long a job that is stopped before VS Code has started its task is waited for. */
const UNSTARTED_MS = 2_000;
const UNSTARTED = "VS Code has not started its task, say for a variable that it cannot replace; see its notices";

const REVEAL = {
  always: vscode.TaskRevealKind.Always,
  silent: vscode.TaskRevealKind.Silent,
  never: vscode.TaskRevealKind.Never,
};

export class Tasks implements vscode.TaskProvider {
  /** The task that runs a job. */
  private readonly tasks = new WeakMap<Job, vscode.Task>();
  /** The job of a task that no command made. */
  private readonly known = new Map<string, Job>();
  /** Jobs whose next terminal shows what is there, rather than another run. */
  private readonly attaching = new Set<Job>();
  /** Jobs that are about to be run again. */
  private readonly rerunning = new Set<Job>();
  /** Jobs whose tasks VS Code was asked to start, and has not; of one that it will not it says nothing, ever. */
  private readonly unstarted = new Map<vscode.Task, { job: Job; execution?: vscode.TaskExecution }>();

  constructor(
    private readonly jobs: Jobs,
    private readonly terminals: Terminals,
    private readonly settings: () => Settings,
  ) {}

  provideTasks(): vscode.Task[] {
    return [];
  }

  resolveTask(given: vscode.Task): vscode.Task {
    return this.make(given.definition, given.scope, given.name, given.problemMatchers);
  }

  /** Start a job. */
  async run(spec: Spec, matchers = this.settings().problemMatchers): Promise<Job> {
    const job = this.jobs.add(spec);
    const definition: Definition = { type: TASK_TYPE, job: job.number, ...spec };
    const scope = vscode.workspace.workspaceFolders?.[0] ?? vscode.TaskScope.Global;
    const task = this.make(definition, scope, nameOf(spec).replaceAll("\n", " "), matchers);
    const reveal = REVEAL[this.settings().reveal];
    task.presentationOptions = { reveal, panel: vscode.TaskPanelKind.Dedicated, clear: true };
    this.tasks.set(job, task);
    await this.begin(job, task);
    return job;
  }

  private make(
    definition: vscode.TaskDefinition,
    scope: vscode.Task["scope"],
    name: string,
    matchers: string[],
  ): vscode.Task {
    const execution: vscode.CustomExecution = new vscode.CustomExecution((resolved) =>
      Promise.resolve(this.terminalOf(task, resolved as Definition)),
    );
    const task = new vscode.Task(
      definition,
      scope ?? vscode.TaskScope.Workspace,
      name,
      TASK_TYPE,
      execution,
      matchers,
    );
    return task;
  }

  /** Ask it to end, also where VS Code never starts it. */
  stop(job: Job, graceMs?: number): void {
    job.stop(graceMs);
    const { runs } = job;
    if (job.isAwaited) {
      setTimeout(() => {
        if (job.isAwaited && job.runs === runs) {
          job.giveUp(UNSTARTED);
        }
      }, UNSTARTED_MS);
    }
  }

  /** Run it again; where it still runs, as soon as it has stopped. Who asks again meanwhile has asked once. */
  async rerun(job: Job): Promise<void> {
    if (this.rerunning.has(job)) {
      return;
    }
    this.rerunning.add(job);
    try {
      if (job.isActive) {
        this.stop(job);
      }
      await job.whenOver();
      const task = this.tasks.get(job);
      if (task !== undefined) {
        await this.ended(task);
      }
      if (task !== undefined && this.isKept(job)) {
        job.expect();
        await this.begin(job, task);
      }
    } finally {
      this.rerunning.delete(job);
    }
  }

  /** Open a terminal with what is retained of its output, and what comes. */
  async attach(job: Job): Promise<void> {
    const task = this.tasks.get(job);
    if (task === undefined || this.attaching.has(job) || this.rerunning.has(job)) {
      return;
    }
    this.attaching.add(job);
    try {
      await this.ended(task);
      await vscode.tasks.executeTask(task);
    } catch (error) {
      this.attaching.delete(job);
      throw error;
    }
  }

  private isKept(job: Job): boolean {
    return this.jobs.get(job.number) === job;
  }

  private async begin(job: Job, task: vscode.Task): Promise<void> {
    const start: { job: Job; execution?: vscode.TaskExecution } = { job };
    this.unstarted.set(task, start);
    try {
      start.execution = await vscode.tasks.executeTask(task);
    } catch (error) {
      this.unstarted.delete(task);
      job.giveUp(`VS Code does not run its task: ${String(error)}`);
    }
  }

  private terminalOf(task: vscode.Task, definition: Definition): JobTerminal {
    const asked = this.unstarted.get(task)?.job;
    this.unstarted.delete(task);
    const isDisposed = asked !== undefined && !this.isKept(asked);
    const problem = isDisposed ? "disposed before it started" : mistake(definition);
    if (problem !== undefined) {
      return new JobTerminal(undefined, (screen) => {
        screen.note(problem);
        screen.over(MISUSED);
      });
    }
    const spec = specOf(task, definition);
    const job = asked ?? this.jobOf(task, spec, definition.job);
    const attaching = asked === undefined && this.attaching.delete(job);
    return new JobTerminal(job, (screen) => {
      this.terminals.opened(job, task.name);
      if (attaching) {
        screen.clear();
        job.attach(screen);
      } else if (this.isKept(job)) {
        job.run(screen, spec);
      } else {
        screen.note("disposed before it started");
        screen.over(MISUSED);
      }
    });
  }

  private jobOf(task: vscode.Task, spec: Spec, number: number | undefined): Job {
    const key = JSON.stringify([task.name, task.definition]);
    const numbered = number === undefined ? undefined : this.jobs.get(number);
    // VS Code remembers tasks for longer than a window lives, and users copy them: the number may be another job's.
    const isIts = numbered && isDeepStrictEqual(this.tasks.get(numbered)?.definition, task.definition);
    const known = this.known.get(key);
    // One that runs elsewhere, detached or in another instance of the task, is left alone.
    const isFree = known !== undefined && this.isKept(known) && known.state !== "running";
    const job = isIts ? numbered : isFree ? known : this.jobs.add(spec);
    this.known.set(key, job);
    this.tasks.set(job, task);
    return job;
  }

  /** Resolves once this task does not run: VS Code would ask the user what a second instance is for. */
  private async ended(task: vscode.Task): Promise<void> {
    const definition = JSON.stringify(task.definition);
    const unstarted = this.unstarted.get(task)?.execution;
    const isIt = (execution: vscode.TaskExecution): boolean =>
      execution !== unstarted &&
      execution.task.name === task.name &&
      JSON.stringify(execution.task.definition) === definition;
    while (vscode.tasks.taskExecutions.some(isIt)) {
      await new Promise<void>((resolve) => {
        const listening = vscode.tasks.onDidEndTask(() => {
          listening.dispose();
          resolve();
        });
      });
    }
  }
}

/** What to run, its variables replaced and its paths absolute. */
function specOf(task: vscode.Task, definition: Definition): Spec {
  const { argv, command, cwd, env, name, timeoutMs, logFile } = definition;
  const scope = task.scope;
  const ofScope = typeof scope === "object" ? scope : vscode.workspace.workspaceFolders?.[0];
  const folder = ofScope?.uri.fsPath ?? homedir();
  const place = resolve(folder, cwd ?? "");
  return {
    ...(argv !== undefined && { argv }),
    ...(command !== undefined && { command }),
    cwd: place,
    ...(env !== undefined && { env }),
    name: name ?? task.name,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(logFile !== undefined && { logFile: resolve(place, logFile) }),
  };
}
