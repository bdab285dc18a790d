/** Puts the parts together when the first command, task or view of the extension is used. */

import * as vscode from "vscode";

import { register } from "./commands";
import { Configuration } from "./configuration";
import { Documents, SCHEME } from "./documents";
import { examine } from "./doctor";
import { Jobs } from "./jobs";
import { complain, tellEnd, warn } from "./notices";
import { Server } from "./server";
import { Status } from "./status";
import type { Context } from "./surroundings";
import { TASK_TYPE, Tasks } from "./tasks";
import { Terminals } from "./terminals";
import { Tree } from "./tree";

/** What a shell is called where VS Code knows of none. */
const SHELL = "/bin/sh";

/** What other extensions may use: the jobs, and what the status bar says of them. */
export interface Api {
  jobs: Jobs;
  server: Server;
  status: Status;
}

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): Api {
  const channel = vscode.window.createOutputChannel("Pipe RPC", { log: true });
  const configuration = new Configuration((message) => {
    channel.warn(message);
    warn(message);
  });
  const settings = (): ReturnType<Configuration["get"]> => configuration.get();
  const editor = { name: vscode.env.appName, version: vscode.version };
  const started = new Server({
    settings,
    client: editor,
    log: (line) => {
      channel.info(line);
    },
    notification: (notification) => {
      jobs.hear(notification);
    },
    lost: (how) => {
      jobs.lose(how);
    },
  });
  const surroundings: Context = {
    server: started,
    settings,
    shell: () => vscode.env.shell || SHELL,
    changed: () => {
      tree.changed();
      status.changed();
    },
    ended: (job) => {
      channel.info(`job ${String(job.number)} (${job.name}): ${job.problem ?? job.description}`);
      void tellEnd(job, settings());
    },
    complain: (message) => {
      channel.error(message);
      complain(message);
    },
  };
  const jobs = new Jobs(surroundings);
  const terminals = new Terminals();
  const tasks = new Tasks(jobs, terminals, settings);
  const documents = new Documents();
  const tree = new Tree(jobs);
  const status = new Status(jobs);
  server = started;
  context.subscriptions.push(
    ...[channel, configuration, terminals, documents, tree, status],
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
    vscode.tasks.registerTaskProvider(TASK_TYPE, tasks),
    ...register({
      ...{ jobs, tasks, terminals, documents },
      examine: () => examine(started, jobs, configuration.problems(), `${editor.name} ${editor.version}`),
      showLogChannel: () => {
        channel.show();
      },
    }),
  );
  return { jobs, server: started, status };
}

/** VS Code ends: the server hears so, and ends with everything that it runs. */
export function deactivate(): void {
  server?.close();
}
