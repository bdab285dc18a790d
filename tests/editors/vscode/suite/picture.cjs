const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { ask, command, eventually, folder, reach, rows, run } = require("./window.cjs");

const SOURCE = "int main(void) {\n  return x;\n}\n";
const BUILD = `
printf '\\033[1mcc -c main.c\\033[0m\\n'
printf '10 percent\\r100 percent\\n'
printf '\\033[1mmain.c:2:10: \\033[31merror: \\033[0mx undeclared (first use in this function)\\n'
exit 1
`;

module.exports = {
  async "a build that fails looks like the picture in the readme"() {
    const file = path.join(folder(), "main.c");
    fs.writeFileSync(file, SOURCE);
    fs.writeFileSync(path.join(folder(), "build"), BUILD);
    await vscode.window.showTextDocument(vscode.Uri.file(file));
    await command("list");
    await reach(await run({ command: "echo listening; while :; do sleep 0.01; done", name: "server" }), "running");
    const job = await run({ argv: ["sh", "build"], name: "make -j2" }, ["$pipe-rpc-gcc"]);
    await eventually(() => vscode.languages.getDiagnostics(vscode.Uri.file(file)).length === 1);
    await command("show", job.number);
    await vscode.commands.executeCommand("notifications.clearAll");
    await vscode.commands.executeCommand("notifications.hideToasts");
    const seen = (selector, pattern) => eventually(async () => (await ask("visible", selector)).some((one) => pattern.test(one)));
    await eventually(async () => (await rows()).some((one) => one.includes("[exit 1 after")));
    await seen(".monaco-list-row", /make -j2[^]*exit 1/);
    await seen(".monaco-list-row", /server[^]*running · [\d.]+ s · \d+ % · \d+ MB/);
    await seen(".statusbar-item", /1 running, 1 failed/);
    await eventually(async () => (await ask("visible", ".view-overlays .squiggly-error")).length === 1);
    const picture = process.env.PIPE_RPC_TEST_PICTURE;
    if (picture) await ask("screenshot", path.join(process.env.PIPE_RPC_TEST_EXTENSION, "screenshot.png"));
  },
};
