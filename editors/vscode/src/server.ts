/**
 * The one server of this window: started at first use, checked, and started again after it died.
 *
 * Requests that come while it starts wait for it in their order.
 */

import { type Callback, Connection, type Failure } from "./connection";
import { find, type Found } from "./lookup";
import type { Settings } from "./settings";
import { type Notifications, PROTOCOL_VERSION, type Requests } from "./wire";

export interface Description extends Found {
  version: string;
  protocol: number;
  containment: string;
  pid: number | undefined;
}

/** A notification of a session, by its method. */
export type Notification = { [M in keyof Notifications]: { method: M; params: Notifications[M] } }[keyof Notifications];

export interface Surroundings {
  settings: () => Settings;
  /** The name and version of the editor. */
  client: { name: string; version: string };
  log: (line: string) => void;
  notification(notification: Notification): void;
  /** The server died, and with it what it ran. */
  lost(how: string): void;
}

export type Answered<M extends keyof Requests> = (failure: Failure | undefined, result: Requests[M]["result"]) => void;

interface Experimental {
  protocolVersion?: unknown;
  containment?: unknown;
}

interface Hello {
  serverInfo?: { version?: string };
  capabilities?: { experimental?: { pipeRpc?: Experimental } };
}

type Environment = Readonly<Record<string, string | undefined>>;

export class Server {
  private connection: Connection | undefined;
  private starting = false;
  private described: Description | undefined;
  private queue: [method: string, params: unknown, callback: Callback][] = [];
  private started: Environment | undefined;

  constructor(private readonly around: Surroundings) {}

  /** What runs, or undefined where nothing does. */
  get description(): Description | undefined {
    return this.described;
  }

  /** The environment that the server was started in, and so what jobs inherit. */
  get environment(): Environment {
    return this.started ?? process.env;
  }

  /** Send a request, after starting the server where none runs. `callback` is called exactly once, later. */
  request<M extends keyof Requests>(method: M, params: Requests[M]["params"], callback: Answered<M>): void {
    const answered = callback as Callback;
    if (this.connection !== undefined && this.described !== undefined) {
      this.connection.request(method, params, answered);
      return;
    }
    this.queue.push([method, params, answered]);
    if (!this.starting) {
      this.starting = true;
      void this.start();
    }
  }

  /** Close its stdin, upon which it ends with everything that it runs. What has not answered yet may be no server. */
  close(): void {
    if (this.described === undefined) {
      this.connection?.abandon();
    } else {
      this.connection?.close();
    }
  }

  private async start(): Promise<void> {
    const found = await find(this.around.settings().command);
    if (typeof found === "string") {
      this.settled(found);
      return;
    }
    this.started = { ...process.env };
    this.around.log(`starting ${found.command.join(" ")}, found ${found.how}`);
    const connection: Connection = new Connection(found.command, {
      notification: (method, params) => {
        if (this.connection === connection) {
          this.around.notification({ method, params } as Notification);
        }
      },
      log: this.around.log,
      ended: ({ how }) => {
        this.around.log(`the server ended ${how}`);
        if (this.connection === connection) {
          this.connection = this.described = undefined;
          this.around.lost(how);
        }
      },
    });
    this.connection = connection;
    this.greet(connection, found);
  }

  /** Say hello to a server that was started. */
  private greet(connection: Connection, found: Found): void {
    const { startTimeoutMs, graceMs } = this.around.settings();
    const patience = setTimeout(() => {
      const waited = String(startTimeoutMs / 1000);
      refuse(`it said nothing for ${waited} s; try it in a shell, or raise the setting pipe-rpc.startTimeoutMs`);
    }, startTimeoutMs);
    const refuse = (problem: string): void => {
      clearTimeout(patience);
      if (this.connection !== connection) {
        return; // It was given up before, and another may be starting.
      }
      this.connection = undefined;
      connection.abandon();
      this.settled(`${found.command.join(" ")}: ${problem}`);
    };
    const params = {
      processId: process.pid,
      capabilities: {},
      clientInfo: this.around.client,
      initializationOptions: { graceMs },
    };
    connection.request("initialize", params, (failure, result) => {
      const hello = (result ?? {}) as Hello;
      const spoken = hello.capabilities?.experimental?.pipeRpc;
      const problem = failure?.message ?? mismatch(spoken);
      if (problem !== undefined) {
        refuse(problem);
        return;
      }
      if (this.connection !== connection) {
        return; // It answers too late.
      }
      clearTimeout(patience);
      connection.notify("initialized", {});
      this.described = {
        ...found,
        version: hello.serverInfo?.version ?? "unknown",
        protocol: PROTOCOL_VERSION,
        containment: String(spoken?.containment),
        pid: connection.pid,
      };
      this.settled();
    });
  }

  /** The start is over: send what waited for it, or say why that cannot be done. */
  private settled(problem?: string): void {
    this.starting = false;
    for (const [method, params, callback] of this.queue.splice(0)) {
      if (problem === undefined && this.connection !== undefined) {
        this.connection.request(method, params, callback);
      } else {
        callback({ message: problem ?? "the server is gone", kind: "ServerUnavailable" }, undefined);
      }
    }
  }
}

/** What is wrong with what a server says of itself, or undefined. */
function mismatch(spoken: Experimental | undefined): string | undefined {
  if (typeof spoken !== "object") {
    return "it answers, but it is no pipe-rpc: mend the setting pipe-rpc.command";
  }
  const version = spoken.protocolVersion;
  if (version === PROTOCOL_VERSION) {
    return undefined;
  }
  const which = typeof version === "number" && version < PROTOCOL_VERSION ? "the server" : "the extension";
  const ours = String(PROTOCOL_VERSION);
  return `it speaks version ${String(version)} of the protocol and this extension version ${ours}: update ${which}`;
}
