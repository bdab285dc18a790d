/** The item of the status bar: how many jobs run, and how many failed. It is not there before the first job. */

import * as vscode from "vscode";

import type { Jobs } from "./jobs";

/** To the left of most. */
const PRIORITY = 50;

export class Status implements vscode.Disposable {
  private item: vscode.StatusBarItem | undefined;

  constructor(private readonly jobs: Jobs) {}

  /** What it shows; "" where it is hidden. */
  get text(): string {
    return this.item?.text ?? "";
  }

  changed(): void {
    if (this.jobs.all().length === 0) {
      this.item?.dispose();
      this.item = undefined;
      return;
    }
    this.item ??= this.make();
    const summary = this.jobs.summary();
    const runs = this.jobs.all().some((job) => job.isActive);
    this.item.text = `$(${runs ? "sync~spin" : "layers"})${summary === "" ? "" : ` ${summary}`}`;
  }

  dispose(): void {
    this.item?.dispose();
  }

  private make(): vscode.StatusBarItem {
    const item = vscode.window.createStatusBarItem("pipe-rpc.status", vscode.StatusBarAlignment.Left, PRIORITY);
    item.name = "Pipe RPC";
    item.tooltip = "Jobs of Pipe RPC";
    item.command = "pipe-rpc.list";
    item.show();
    return item;
  }
}
