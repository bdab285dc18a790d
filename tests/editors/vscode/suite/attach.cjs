const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ask, command, eventually, extension, notice, reach, run, shows } = require("./window.cjs");

/** Ask the server how much a job has written. */
const written = (job) =>
  new Promise((resolve, reject) => {
    extension.exports.server.request("session/list", {}, (failure, result) => {
      const session = result?.sessions.find((one) => job.is(one.sessionId));
      if (session) resolve(session.stdout.endOffset);
      else reject(new Error(failure?.message ?? "no such session"));
    });
  });

module.exports = {
  async "what a detached job writes comes when it is attached again"() {
    const job = await run({ command: "while read line; do seq $line; done" });
    await reach(job, "running");
    await command("write", job.number, "1 2");
    await shows(job, "1\n2\n");
    await command("detach", job.number);
    await eventually(() => vscode.tasks.taskExecutions.length === 0);
    assert.equal(job.description, "detached");
    await command("write", job.number, "3 4");
    await command("closeStdin", job.number);
    await reach(job, "exited");
    await shows(job, "[detached; Pipe RPC: Attach shows");
    await command("attach", job.number);
    const text = await shows(job, "[exit 0");
    assert.deepEqual(text.split("\n").filter((line) => /^\d+$/.test(line)), ["1", "2", "3", "4"]);
    assert.equal(vscode.window.terminals.length, 1);
  },

  async "a job whose terminal was closed while it was detached runs on"() {
    const job = await run({ command: "read line; echo got $line" });
    await reach(job, "running");
    await command("detach", job.number);
    await eventually(() => vscode.tasks.taskExecutions.length === 0);
    for (const terminal of vscode.window.terminals) terminal.dispose();
    await eventually(() => vscode.window.terminals.length === 0);
    assert.equal(job.state, "running");
    await command("write", job.number, "hello");
    await shows(job, "got hello");
  },

  async "a job that is attached thrice at once is attached once"() {
    const job = await run({ argv: ["cat"] });
    await reach(job, "running");
    await command("detach", job.number);
    await eventually(() => vscode.tasks.taskExecutions.length === 0);
    await Promise.all([1, 2, 3].map(() => command("attach", job.number)));
    await eventually(() => job.isAttached);
    await command("write", job.number, "hello");
    await shows(job, "hello");
    assert.deepEqual(await ask("visible", ".quick-input-widget .monaco-list-row"), []);
    assert.equal(vscode.tasks.taskExecutions.length, 1);
  },

  async "a job that the server has forgotten says so when it is attached"() {
    const job = await run({ argv: ["true"] });
    await reach(job, "exited");
    await eventually(() => vscode.tasks.taskExecutions.length === 0);
    job.withSession((session) => session.remove(true));
    await command("attach", job.number);
    await shows(job, "[exited: ");
    await eventually(() => vscode.tasks.taskExecutions.length === 0);
  },

  async "what was not kept meanwhile is told as a number"() {
    // Progress bars: so many bytes, and hardly a row.
    const job = await run({ command: "read line; yes | tr '\\n' '\\r' | head -c 3000000; exec sleep 1000" });
    await reach(job, "running");
    await command("detach", job.number);
    await command("write", job.number, "go");
    await eventually(async () => (await written(job)) === 3_000_000);
    await command("attach", job.number);
    await shows(job, `[${3_000_000 - 2 * 1024 * 1024} bytes were not kept]\ny`);
    await command("kill", job.number);
  },

  async "a job that is attached says so"() {
    const job = await run({ argv: ["cat"] });
    await reach(job, "running");
    await command("attach", job.number);
    await notice(`job ${job.number} is attached already`);
    await command("detach", job.number);
    await command("detach", job.number);
    await notice(`job ${job.number} is not attached`);
    await command("kill", job.number);
  },
};
