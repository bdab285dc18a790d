/**
 * Jobs as tasks of VS Code, those of tasks.json and those that commands start: so the Terminal panel shows them, problem
 * matchers read them, and Terminate, Restart and Rerun Last Task act on them.
 */

import { homedir } from "node:os";
import { resolve } from "node:path";

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

  /** Run it again; where it still runs, as soon as it has stopped. */
  async rerun(job: Job): Promise<void> {
    if (job.isActive) {
      job.stop();
    }
    await job.whenOver();
    const task = this.tasks.get(job);
    if (task !== undefined && this.jobs.get(job.number) === job) {
      await ended(task);
      job.expect();
      await this.begin(job, task);
    }
  }

  /** Open a terminal with what is retained of its output, and what comes. */
  async attach(job: Job): Promise<void> {
    const task = this.tasks.get(job);
    if (task !== undefined) {
      await ended(task);
      this.attaching.add(job);
      await vscode.tasks.executeTask(task);
    }
  }

  private async begin(job: Job, task: vscode.Task): Promise<void> {
    try {
      await vscode.tasks.executeTask(task);
    } catch (error) {
      job.giveUp(`VS Code does not run its task: ${String(error)}`);
    }
  }

  private terminalOf(task: vscode.Task, definition: Definition): JobTerminal {
    const spec = specOf(task, definition);
    const problem = mistake(spec);
    if (problem !== undefined) {
      return new JobTerminal(undefined, (screen) => {
        screen.note(problem);
        screen.over(MISUSED);
      });
    }
    const job = this.jobOf(task, spec, definition.job);
    const attaching = this.attaching.delete(job);
    return new JobTerminal(job, (screen) => {
      this.terminals.opened(job, task.name);
      if (attaching) {
        screen.clear();
        job.attach(screen);
      } else {
        job.run(screen, spec);
      }
    });
  }

  private jobOf(task: vscode.Task, spec: Spec, number: number | undefined): Job {
    const key = JSON.stringify([task.name, task.definition]);
    const known = number === undefined ? this.known.get(key) : this.jobs.get(number);
    // One that runs elsewhere, detached or in another instance of the task, is left alone.
    const isFree = known !== undefined && this.jobs.get(known.number) === known && known.state !== "running";
    const job = known !== undefined && (isFree || number !== undefined) ? known : this.jobs.add(spec);
    this.known.set(key, job);
    this.tasks.set(job, task);
    return job;
  }
}

/** Resolves once this task does not run: VS Code would ask the user what a second instance is for. */
async function ended(task: vscode.Task): Promise<void> {
  const definition = JSON.stringify(task.definition);
  const isIt = ({ task: other }: vscode.TaskExecution): boolean =>
    other.name === task.name && JSON.stringify(other.definition) === definition;
  while (vscode.tasks.taskExecutions.some(isIt)) {
    await new Promise<void>((resolve) => {
      const listening = vscode.tasks.onDidEndTask(() => {
        listening.dispose();
        resolve();
      });
    });
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
