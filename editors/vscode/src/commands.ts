/** The commands of the palette, of the view and of keys. Each takes the number of a job, where one is meant. */

import * as vscode from "vscode";

import type { Documents } from "./documents";
import type { Job } from "./job";
import type { Jobs } from "./jobs";
import { type Spec, mistake } from "./launch";
import { complain } from "./notices";
import type { Tasks } from "./tasks";
import type { Terminals } from "./terminals";
import { describe, VIEW } from "./tree";
import { words } from "./words";

const SIGNALS = ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGSTOP", "SIGCONT", "SIGKILL"];

export interface Parts {
  jobs: Jobs;
  tasks: Tasks;
  terminals: Terminals;
  documents: Documents;
  /** What the doctor says. */
  examine: () => Promise<string>;
  showLogChannel: () => void;
}

/** A key may say anything, null as well. */
function isSpec(given: unknown): given is Spec {
  return typeof given === "object" && given !== null;
}

/** What a line asks for, or a sentence about what is wrong with it. */
type Reading = (line: string) => Spec | string;

const argvOf: Reading = (line) => {
  const argv = words(line);
  return argv === undefined
    ? "a quotation mark without its partner, or a backslash at the end: quote it, or take Pipe RPC: Run in Shell…"
    : { argv, name: line };
};

/** What a command is called with: by a key or a test a number or a spec, by the view a job. */
type Given = number | Job | Spec | undefined;

export function register(parts: Parts): vscode.Disposable[] {
  const { jobs, tasks, terminals, documents } = parts;

  /** The job that is meant: the one that is given, that of the active terminal, the only one, or the user's choice. */
  async function meant(given: Given): Promise<Job | undefined> {
    if (typeof given === "number") {
      const job = jobs.get(given);
      if (job === undefined) {
        complain(`there is no job ${String(given)}: see Pipe RPC: Show Jobs`);
      }
      return job;
    }
    const all = jobs.all();
    if (all.length === 0) {
      complain("there is no job: start one by Pipe RPC: Run…");
      return undefined;
    }
    const there = all.find((job) => job === given) ?? terminals.active();
    if (there !== undefined || all.length === 1) {
      return there ?? all[0];
    }
    const items = all.reverse().map((job) => ({ label: job.name, description: describe(job), job }));
    return (await vscode.window.showQuickPick(items, { placeHolder: "Which job?" }))?.job;
  }

  const withJob = (act: (job: Job, more: unknown) => unknown) => async (given?: Given, more?: unknown) => {
    const job = await meant(given);
    return job && act(job, more);
  };

  async function show(job: Job): Promise<void> {
    const terminal = terminals.of(job) ?? (job.isAwaited ? await terminals.next(job) : undefined);
    if (terminal !== undefined) {
      terminal.show();
    } else {
      await tasks.attach(job);
    }
  }

  /** Start what is given, or ask for it; returns the number of the job. */
  const start = (prompt: string, typed: Reading) => async (given?: Given, matchers?: string[]) => {
    let spec: Spec | string | undefined = isSpec(given) ? given : undefined;
    if (spec === undefined) {
      const line = await vscode.window.showInputBox({ prompt, ignoreFocusOut: true });
      if (line === undefined) {
        return undefined;
      }
      spec = typed(line);
    }
    if (typeof spec === "string") {
      complain(spec);
      return undefined;
    }
    const problem = mistake(spec);
    if (problem !== undefined) {
      complain(problem);
      return undefined;
    }
    return (await tasks.run(spec, matchers)).number;
  };

  async function attach(job: Job): Promise<void> {
    if (job.isAwaited || (job.isActive && job.isAttached)) {
      complain(`job ${String(job.number)} is attached already: Pipe RPC: Show Output shows it`);
    } else {
      await tasks.attach(job);
    }
  }

  async function write(job: Job, text: unknown): Promise<void> {
    if (!job.isActive) {
      complain(`job ${String(job.number)} is over (${job.description}) and reads nothing: rerun it`);
      return;
    }
    const line = text ?? (await vscode.window.showInputBox({ prompt: `stdin of ${job.name}`, ignoreFocusOut: true }));
    if (typeof line === "string") {
      job.withSession((session) => {
        session.write(`${line}\n`, false);
      });
    }
  }

  async function signal(job: Job, given: unknown): Promise<void> {
    const name = given ?? (await vscode.window.showQuickPick(SIGNALS, { placeHolder: `Which signal for ${job.name}?` }));
    if (typeof name === "string") {
      job.withSession((session) => {
        session.signal(name.toUpperCase());
      });
    }
  }

  const actions: Record<string, (given?: Given, more?: never) => unknown> = {
    run: start("A program and its arguments, such as make -j2", argvOf),
    runInShell: start("A line for the shell, such as make 2>&1 | tail", (line) => ({ command: line })),
    list: () => vscode.commands.executeCommand(`${VIEW}.focus`),
    rerunLast: () => withJob((job) => tasks.rerun(job))(jobs.newest()),
    rerun: withJob((job) => tasks.rerun(job)),
    stop: withJob((job) => {
      tasks.stop(job, job.state === "stopping" ? 0 : undefined);
    }),
    kill: withJob((job) => {
      tasks.stop(job, 0);
    }),
    signal: withJob(signal),
    write: withJob(write),
    closeStdin: withJob((job) => {
      job.withSession((session) => {
        session.write("", true);
      });
    }),
    detach: withJob((job) => {
      job.detach();
    }),
    attach: withJob(attach),
    show: withJob(show),
    log: withJob((job) => {
      job.withSession((session) => {
        session.log((text) => {
          void documents.show(`${String(job.number)}.${String(job.runs)} ${job.name}.log`, text);
        });
      });
    }),
    dispose: withJob((job) => {
      const terminal = terminals.of(job);
      jobs.dispose(job);
      terminal?.dispose();
    }),
    doctor: async () => {
      await documents.show("Doctor", await parts.examine());
    },
    showLogChannel: parts.showLogChannel,
  };
  return Object.entries(actions).map(([name, act]) => vscode.commands.registerCommand(`pipe-rpc.${name}`, act));
}
