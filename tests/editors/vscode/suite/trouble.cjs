const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { ask, command, eventually, extension, folder, notice, reach, run, setting, shows } = require("./window.cjs");

module.exports = {
  async "a mistake is told with what to do"() {
    await command("stop");
    await notice("there is no job: start one by Pipe RPC: Run");
    await command("stop", 4711);
    await notice("there is no job 4711: see Pipe RPC: Show Jobs");
    await command("run", { argv: "make" });
    await notice('a task needs either "command", a line for the shell, or "argv"');
    const job = await run({ argv: ["cat"] });
    await reach(job, "running");
    await command("signal", job.number, "SIGNONSENSE");
    await notice(`job ${job.number}: `);
    await command("kill", job.number);
  },

  async "what is no specification of a job is told"() {
    const wrong = [
      [{ argv: ["cat"], cwd: 3 }, '"cwd" of a task must be a string, and is 3'],
      [{ argv: ["cat"], name: 4 }, '"name" of a task must be a string, and is 4'],
      [{ argv: ["cat"], env: "V=1" }, '"env" of a task must be an object'],
    ];
    for (const [spec, told] of wrong) {
      assert.equal(await command("run", spec), undefined);
      await notice(told);
    }
    const typed = command("run", null);
    await eventually(async () => (await ask("visible", ".quick-input-message")).some((one) => one.includes("make -j2")));
    await ask("type", "echo it's");
    await ask("press", "Enter");
    assert.equal(await typed, undefined);
    await notice("a quotation mark without its partner");
    assert.deepEqual(extension.exports.jobs.all(), []);
  },

  async "a job that the editor never starts is given up when it is stopped"() {
    const job = await run({ argv: ["echo", "in ${fileBasename}"] });
    await notice("can not be resolved");
    await command("stop", job.number);
    await notice("VS Code has not started its task");
    const file = path.join(folder(), "opened");
    fs.writeFileSync(file, "");
    await vscode.window.showTextDocument(vscode.Uri.file(file));
    await command("rerun", job.number);
    await shows(job, "in opened");
  },

  async "a wrong setting is told and its default holds"() {
    await setting("pipe-rpc.graceMs", "soon", async () => {
      assert.match(await notice("the setting pipe-rpc.graceMs"), /must be a whole number of at least 0, and is "soon"/);
      await reach(await run({ argv: ["true"] }), "exited");
    });
  },

  async "the doctor says what is there"() {
    await command("doctor");
    const text = (await eventually(() => vscode.window.activeTextEditor?.document)).getText();
    assert.match(text, /^server: pipe-rpc .*, found by the setting pipe-rpc.command: .* -m pipe_rpc --stdio$/m);
    assert.match(text, /^protocol: version 1$/m);
    assert.match(text, /^settings: all right$/m);
  },

  async "the log channel is shown"() {
    await command("showLogChannel");
    const chosen = ".pane-composite-part.panel .monaco-select-box";
    await eventually(async () => (await ask("visible", chosen)).some((one) => one.includes("Pipe RPC")));
  },

  async "a program that is not there is told and the terminal says so"() {
    const job = await run({ argv: ["no-such-program"] });
    await notice("pipe-rpc: no-such-program: ");
    assert.equal(job.state, "failed");
    await shows(job, "[failed: ");
  },

  async "a folder that is not there is told"() {
    await run({ argv: ["true"], cwd: "/no/such/folder" });
    await notice("/no/such/folder");
  },

  async "when the server dies jobs are lost and the next use starts another"() {
    const job = await run({ command: "echo ready; exec sleep 1000" });
    await shows(job, "ready");
    process.kill(extension.exports.server.description.pid, "SIGKILL");
    await notice("and took 1 running job with it. It is started again at the next use.");
    await shows(job, "[lost: the server ");
    await command("write", job.number, "hello");
    await notice("is over (lost) and reads nothing: rerun it");
    await command("log", job.number);
    await notice(`the server has no job ${job.number} (lost): rerun it`);
    await command("rerun", job.number);
    await reach(job, "running");
  },
};
