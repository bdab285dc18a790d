/**
 * Which terminal of VS Code shows which job.
 *
 * VS Code does not tell; but the terminal of a task has its name and is there when it is opened, and a job that is run
 * again is shown in the terminal that it had.
 */

import * as vscode from "vscode";

import type { Job } from "./job";

export class Terminals implements vscode.Disposable {
  private readonly jobs = new Map<vscode.Terminal, Job>();
  private readonly closing = vscode.window.onDidCloseTerminal((terminal) => {
    this.jobs.delete(terminal);
  });

  private readonly waiting = new Map<Job, ((terminal: vscode.Terminal | undefined) => void)[]>();

  /** A terminal of this name was opened for a job. */
  opened(job: Job, name: string): void {
    if (this.of(job) === undefined) {
      const newestFirst = [...vscode.window.terminals].reverse();
      // In a workspace of several folders, that of the task stands behind.
      const terminal = newestFirst.find((one) => !this.jobs.has(one) && one.name.startsWith(name));
      if (terminal !== undefined) {
        this.jobs.set(terminal, job);
      }
    }
    const terminal = this.of(job);
    this.waiting.get(job)?.forEach((resolve) => {
      resolve(terminal);
    });
    this.waiting.delete(job);
  }

  /** The terminal of a job whose next one is on its way. */
  next(job: Job): Promise<vscode.Terminal | undefined> {
    return new Promise((resolve) => {
      this.waiting.set(job, [...(this.waiting.get(job) ?? []), resolve]);
    });
  }

  of(job: Job): vscode.Terminal | undefined {
    return [...this.jobs].find(([, shown]) => shown === job)?.[0];
  }

  /** The job whose terminal is the active one. */
  active(): Job | undefined {
    const terminal = vscode.window.activeTerminal;
    return terminal && this.jobs.get(terminal);
  }

  dispose(): void {
    this.closing.dispose();
  }
}
