/** The view of all jobs, kept up to date while it is shown. */

import * as vscode from "vscode";

import type { Job } from "./job";
import type { Jobs } from "./jobs";

export const VIEW = "pipe-rpc.jobs";

/** How often times are counted on, and what jobs use is asked. */
const TICK_MS = 1_000;

const ICONS = {
  active: new vscode.ThemeIcon("sync~spin", new vscode.ThemeColor("charts.blue")),
  failed: new vscode.ThemeIcon("error", new vscode.ThemeColor("testing.iconFailed")),
  done: new vscode.ThemeIcon("pass", new vscode.ThemeColor("testing.iconPassed")),
};
const MB = 1_000_000;

export class Tree implements vscode.TreeDataProvider<Job>, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  private readonly view = vscode.window.createTreeView(VIEW, { treeDataProvider: this });
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly jobs: Jobs) {
    this.view.onDidChangeVisibility(() => {
      this.changed();
    });
  }

  /** Something changed that it shows. */
  changed(): void {
    if (this.view.visible) {
      this.changes.fire(undefined);
      this.tick();
    }
  }

  getChildren(job?: Job): Job[] {
    return job === undefined ? this.jobs.all().reverse() : [];
  }

  getTreeItem(job: Job): vscode.TreeItem {
    const item = new vscode.TreeItem(job.name.replaceAll("\n", " "));
    const kind = job.isActive ? "active" : job.hasFailed ? "failed" : "done";
    item.id = String(job.number);
    item.description = describe(job);
    item.tooltip = `${job.name}\n${job.spec.cwd ?? ""}\n${describe(job)}${job.problem ? `\n${job.problem}` : ""}`;
    item.iconPath = ICONS[kind];
    item.contextValue = job.isActive ? (job.isAttached ? "active" : "detached") : "over";
    item.command = { title: "Show Output", command: "pipe-rpc.show", arguments: [job.number] };
    return item;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.view.dispose();
    this.changes.dispose();
  }

  /** Count on while anybody looks and anything runs. */
  private tick(): void {
    if (this.timer === undefined && this.jobs.all().some((job) => job.isActive)) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.jobs.all().forEach((job) => {
          job.measure();
        });
        this.changed();
      }, TICK_MS);
    }
  }
}

/** State, time and what it uses: "running · 1:05 min · 98 % · 24 MB". */
export function describe(job: Job): string {
  const seconds = Math.floor(job.durationMs / 1000);
  const minutes = `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, "0")} min`;
  const time = seconds < 60 ? `${(job.durationMs / 1000).toFixed(1)} s` : minutes;
  const load = job.load && [`${job.load.percent.toFixed(0)} %`, `${(job.load.bytes / MB).toFixed(0)} MB`];
  return [job.description, time, ...(load ?? [])].join(" · ");
}
