const assert = require("node:assert/strict");
const vscode = require("vscode");
const { command, eventually, extension, reach, run, setting, shows } = require("./window.cjs");

const STUBBORN = "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.01; done";

module.exports = {
  async "stop asks softly"() {
    const job = await run({ name: "job", command: "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.01; done" });
    await shows(job, "ready");
    await command("stop", job.number);
    assert.match(await shows(job, "[exit 5"), /bye\n\[exit 5 after/);
    assert.equal(job.hasFailed, false);
  },

  async "what is left after the grace is killed"() {
    const job = await run({ name: "job", command: STUBBORN });
    await shows(job, "ready");
    await command("stop", job.number);
    assert.match(await shows(job, "[SIGKILL after"), /ignored\n/);
  },

  async "a second stop kills at once"() {
    await setting("pipe-rpc.graceMs", 3_600_000, async () => {
      const job = await run({ name: "job", command: STUBBORN });
      await shows(job, "ready");
      await command("stop", job.number);
      await shows(job, "ignored");
      await command("stop", job.number);
      await shows(job, "[SIGKILL after");
    });
  },

  async "a signal of the users choice is sent"() {
    const job = await run({ name: "job", command: "trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done" });
    await shows(job, "ready");
    await command("signal", job.number, "sighup");
    await shows(job, "hup");
    await command("kill", job.number);
    await reach(job, "exited");
  },

  async "a job that is stopped while it starts stops"() {
    const starting = run({ argv: ["sleep", "1000"], name: "sleeper" });
    await command("kill", extension.exports.jobs.newest().number);
    await shows(await starting, "[SIGKILL after");
  },

  async "closing the terminal stops the job"() {
    const job = await run({ argv: ["sleep", "1000"] });
    await reach(job, "running");
    await command("show", job.number);
    await eventually(() => vscode.window.activeTerminal?.name === "sleep 1000");
    vscode.window.activeTerminal.dispose();
    await reach(job, "exited");
    assert.equal(job.description, "SIGTERM");
  },
};
