// What features need of the window: jobs, what their terminals show, what the user is told, and keys.
const vscode = require("vscode");

/** How long any single wait may take; it is met only where something is wrong. */
const DEADLINE_MS = 15_000;
/** How often it is looked whether what is waited for has come. */
const POLL_MS = 25;

const extension = vscode.extensions.getExtension("pipe-rpc.pipe-rpc");

/** Ask the window, see CALLS in drive.cjs. */
async function ask(...call) {
  const answer = await fetch(process.env.PIPE_RPC_TEST_DRIVER, { method: "POST", body: JSON.stringify(call) });
  const { result, error } = await answer.json();
  if (error) throw new Error(error);
  return result;
}

/** The value of `look` once it is neither false nor undefined. */
async function eventually(look, what = String(look)) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false && value !== null) return value;
    if (Date.now() > deadline) throw new Error(`this never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Execute a command of the extension. */
const command = (name, ...words) => vscode.commands.executeCommand(`pipe-rpc.${name}`, ...words);

/** Start a job, without problem matchers unless they are named. */
async function run(spec, matchers = []) {
  const number = await command("run", spec, matchers);
  return extension.exports.jobs.get(number);
}

/** Wait until a job is in a state. */
const reach = (job, state) => eventually(() => job.state === state, `${job.name}: ${state}, not ${job.state}`);

/** Everything that the terminal of a job holds. */
async function contents(job) {
  await command("show", job.number);
  await eventually(() => vscode.window.activeTerminal !== undefined);
  await vscode.commands.executeCommand("workbench.action.terminal.focus");
  await vscode.commands.executeCommand("workbench.action.terminal.selectAll");
  await vscode.env.clipboard.writeText("");
  await vscode.commands.executeCommand("workbench.action.terminal.copySelection");
  await vscode.commands.executeCommand("workbench.action.terminal.clearSelection");
  return (await vscode.env.clipboard.readText()).replaceAll(/[ \u00a0]+$/gm, "");
}

/** The same, once it holds `text`. */
async function shows(job, text) {
  let last = "";
  const found = async () => ((last = await contents(job)).includes(text) ? last : undefined);
  return eventually(found).catch(() => {
    throw new Error(`the terminal of ${job.name} never shows ${text}: ${last}`);
  });
}

/** The lines of the terminal that is seen, as far as they are seen. */
const rows = () => ask("visible", ".terminal-wrapper.active .xterm-rows > div");

/** Wait for a notice that holds `part`, and clear all. */
async function notice(part) {
  const told = await eventually(async () => {
    // A window under test shows them in this list only.
    await vscode.commands.executeCommand("notifications.showList");
    const notices = await ask("visible", ".notifications-center .notification-list-item-message");
    return notices.find((one) => one.includes(part));
  }, `a notice: ${part}`);
  await clearNotices();
  return told;
}

const clearNotices = () => vscode.commands.executeCommand("notifications.clearAll");

/** Set a setting of the workspace for the length of `during`. */
async function setting(name, value, during) {
  const [section, ...rest] = name.split(".");
  const set = (to) => vscode.workspace.getConfiguration(section).update(rest.join("."), to, vscode.ConfigurationTarget.Workspace);
  await set(value);
  try {
    await during();
  } finally {
    await set(undefined);
  }
}

/** The folder of the workspace. */
const folder = () => vscode.workspace.workspaceFolders[0].uri.fsPath;

/** Forget all jobs, and close what shows them. */
async function cleanUp() {
  for (const job of extension.isActive ? extension.exports.jobs.all() : []) await command("dispose", job.number);
  for (const terminal of vscode.window.terminals) terminal.dispose();
  await eventually(() => vscode.tasks.taskExecutions.length === 0, "all tasks have ended");
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await clearNotices();
}

module.exports = { ask, cleanUp, command, contents, eventually, extension, folder, notice, reach, rows, run, setting, shows };
