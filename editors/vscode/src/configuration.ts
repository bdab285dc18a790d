/** The settings in force, read when they are needed and told about when they are wrong. */

import * as vscode from "vscode";

import { type Settings, settle } from "./settings";

const SECTION = "pipe-rpc";

export class Configuration implements vscode.Disposable {
  private settled: ReturnType<typeof settle> | undefined;
  private readonly changes = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(SECTION)) {
      this.settled = undefined;
      this.get();
    }
  });

  constructor(private readonly warn: (message: string) => void) {}

  get(): Settings {
    return this.settle().settings;
  }

  /** What is wrong with what the user said, a sentence each. */
  problems(): string[] {
    return this.settle().problems;
  }

  dispose(): void {
    this.changes.dispose();
  }

  private settle(): ReturnType<typeof settle> {
    if (this.settled === undefined) {
      const section = vscode.workspace.getConfiguration(SECTION);
      this.settled = settle((name) => section.get(name));
      this.settled.problems.forEach(this.warn);
    }
    return this.settled;
  }
}
