const assert = require("node:assert/strict");
const vscode = require("vscode");
const { ask, command, eventually, notice, run, shows, reach } = require("./window.cjs");

const focus = () => vscode.commands.executeCommand("workbench.action.terminal.focus");

module.exports = {
  async "lines are written and the end of input is told"() {
    const job = await run({ command: "while read line; do echo got $line; done; echo end" });
    await reach(job, "running");
    await command("write", job.number, "a line");
    await shows(job, "got a line");
    await command("closeStdin", job.number);
    await shows(job, "\nend\n[exit 0");
  },

  async "what is typed into the terminal is edited and written line by line"() {
    const job = await run({ command: "while read line; do echo got $line; done; echo end" });
    await reach(job, "running");
    await command("show", job.number);
    await focus();
    await ask("type", "a linne");
    for (const key of ["Backspace", "Backspace"]) await ask("press", key);
    await ask("type", "e");
    await ask("press", "Enter");
    const text = await shows(job, "got a line");
    assert.match(text, /^a line\ngot a line$/m);
    await focus();
    await ask("press", "Control+d");
    await shows(job, "\nend\n[exit 0");
  },

  async "control c stops softly and then kills"() {
    const job = await run({ command: "trap 'echo ignored' TERM; echo ready; while :; do sleep 0.01; done" });
    await shows(job, "ready");
    await vscode.workspace.getConfiguration("pipe-rpc").update("graceMs", 3_600_000, vscode.ConfigurationTarget.Workspace);
    await focus();
    await ask("press", "Control+c");
    await shows(job, "ignored");
    assert.equal(job.state, "stopping");
    await focus();
    await ask("press", "Control+c");
    await shows(job, "[SIGKILL after");
    await vscode.workspace.getConfiguration("pipe-rpc").update("graceMs", undefined, vscode.ConfigurationTarget.Workspace);
  },

  async "a question asks for a line of stdin"() {
    const job = await run({ command: "read line; echo got $line", name: "reader" });
    await reach(job, "running");
    const asking = command("write");
    await eventually(async () => (await ask("visible", ".quick-input-message")).some((one) => one.includes("stdin of reader")));
    await ask("type", "a line");
    await ask("press", "Enter");
    await asking;
    await shows(job, "got a line");
    await reach(job, "exited");
    await command("write", job.number, "more");
    await notice("is over (exit 0) and reads nothing: rerun it");
  },
};
