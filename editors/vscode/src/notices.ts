/** What the user is told in passing. Nobody is waited for: a notice may stay as long as it likes. */

import * as vscode from "vscode";

import type { Job } from "./job";
import type { Settings } from "./settings";

const PREFIX = "pipe-rpc: ";

/** Tell the user why something was not done, and what to do. */
export function complain(message: string): void {
  void vscode.window.showErrorMessage(PREFIX + message);
}

/** Tell what is wrong and hinders nothing. */
export function warn(message: string): void {
  void vscode.window.showWarningMessage(PREFIX + message);
}

/** Tell that a job failed, or took long. */
export async function tellEnd(job: Job, settings: Settings): Promise<void> {
  // That the server died is told once, and not for each job.
  if (job.state === "lost") {
    return;
  }
  const how = job.problem ?? job.description;
  const told = `${PREFIX}${job.name}: ${how} after ${(job.durationMs / 1000).toFixed(1)} s`;
  const answers = { "Show Output": "pipe-rpc.show", Rerun: "pipe-rpc.rerun" } as const;
  const titles = Object.keys(answers) as (keyof typeof answers)[];
  let answer: keyof typeof answers | undefined;
  if (job.hasFailed && settings["notify.failed"]) {
    answer = await vscode.window.showErrorMessage(told, ...titles);
  } else if (!job.hasFailed && job.durationMs >= settings["notify.longerThanMs"]) {
    answer = await vscode.window.showInformationMessage(told, ...titles);
  }
  if (answer !== undefined) {
    await vscode.commands.executeCommand(answers[answer], job.number);
  }
}
