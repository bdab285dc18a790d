/** All jobs of this window, and which of them a message of the server is about. */

import { Job } from "./job";
import type { Spec } from "./launch";
import type { Notification } from "./server";
import type { Context } from "./surroundings";

export class Jobs {
  private readonly jobs = new Map<number, Job>();
  private count = 0;

  constructor(private readonly context: Context) {}

  /** A new job, which does not run yet. */
  add(spec: Spec): Job {
    this.count += 1;
    const job = new Job(this.count, spec, this.context);
    this.jobs.set(this.count, job);
    return job;
  }

  get(number: number): Job | undefined {
    return this.jobs.get(number);
  }

  /** All of them, oldest first. */
  all(): Job[] {
    return [...this.jobs.values()];
  }

  /** The newest that runs, else the newest. */
  newest(): Job | undefined {
    const newestFirst = this.all().reverse();
    return newestFirst.find((job) => job.isActive) ?? newestFirst[0];
  }

  /** Forget a job: kill what runs. */
  dispose(job: Job): void {
    this.jobs.delete(job.number);
    job.dispose();
    this.context.changed();
  }

  hear({ method, params }: Notification): void {
    const job = this.all().find((one) => one.is(params.sessionId));
    if (method === "session/exited") {
      job?.exited(params);
    } else if (method === "session/teeError" && job !== undefined) {
      this.context.complain(`job ${String(job.number)}: ${params.path}: ${params.message}`);
    }
  }

  /** The server died. */
  lose(how: string): void {
    const lost = this.all().filter((job) => job.lose(how)).length;
    const ofJobs = lost === 0 ? "" : ` and took ${String(lost)} running job${lost === 1 ? "" : "s"} with it`;
    this.context.complain(`the server ended ${how}${ofJobs}. It is started again at the next use.`);
  }

  /** Numbers for a status line: "2 running, 1 failed", or "" where there is nothing to say. */
  summary(): string {
    const running = this.all().filter((job) => job.isActive).length;
    const failed = this.all().filter((job) => job.hasFailed).length;
    const words = [running > 0 && `${String(running)} running`, failed > 0 && `${String(failed)} failed`];
    return words.filter((word) => word !== false).join(", ");
  }
}
