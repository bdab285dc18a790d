// Starts a real VS Code, by the server and a browser, with the extension and a suite in its extension host. A suite may
// look at the window and press keys, by HTTP. `node drive.cjs CONFIG`, a JSON object:
//   vscode     the folder of VS Code's server              chromium   the browser
//   place      where VS Code keeps what it writes          folder     the workspace
//   extension  the folder of the extension                 suite      the module that the extension host runs
// It prints a line of JSON for each thing that happens, and ends when its stdin does.
const childProcess = require("node:child_process");
const http = require("node:http");
const path = require("node:path");
const readline = require("node:readline");

const { chromium } = require("playwright-core");

const WINDOW = { width: 1200, height: 750 };
const config = JSON.parse(process.argv[2]);
const tell = (what) => console.log(JSON.stringify(what));
let page;

/** What a suite may ask of the window. */
const CALLS = {
  /** The texts of the elements that a selector finds. */
  visible: (selector) => page.$$eval(selector, (found) => found.map((one) => one.innerText.replaceAll("\u00a0", " "))),
  type: (text) => page.keyboard.type(text),
  press: (key) => page.keyboard.press(key),
  hover: (selector) => page.hover(selector),
  click: (selector) => page.click(selector),
  tell: async (what) => tell(what),
  screenshot: (file) => page.screenshot({ path: file }),
};

function serve() {
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const data of request) body += data;
    const [name, ...words] = JSON.parse(body);
    try {
      response.end(JSON.stringify({ result: (await CALLS[name](...words)) ?? null }));
    } catch (error) {
      response.end(JSON.stringify({ error: String(error) }));
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

function startVsCode(driver) {
  const words = ["--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--accept-server-license-terms"];
  words.push("--telemetry-level", "off", "--disable-workspace-trust", "--enable-smoke-test-driver");
  // What is left of a window that was closed would live for three hours, for the case that it comes back.
  words.push("--reconnection-grace-time", "1");
  // Without the extensions that VS Code brings, it starts in half the time.
  words.push("--builtin-extensions-dir", path.join(config.place, "builtin"));
  words.push("--server-data-dir", path.join(config.place, "data"));
  words.push("--extensions-dir", path.join(config.place, "extensions"));
  const env = { ...process.env, PIPE_RPC_TEST_DRIVER: `http://127.0.0.1:${driver}` };
  const main = path.join(config.vscode, "out", "server-main.js");
  const server = childProcess.spawn(process.execPath, [main, ...words], { env, stdio: ["ignore", "pipe", "inherit"] });
  tell({ server: server.pid });
  return new Promise((resolve, reject) => {
    server.once("exit", (status) => reject(new Error(`VS Code has ended with status ${status}`)));
    readline.createInterface(server.stdout).on("line", (line) => {
      const listening = /Extension host agent listening on (\d+)/.exec(line);
      if (listening) resolve({ server, port: Number(listening[1]) });
      process.stderr.write(`${line}\n`);
    });
  });
}

async function main() {
  const words = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
  const browsing = chromium.launch({ executablePath: config.chromium, args: words });
  const { server, port } = await startVsCode(await serve());
  const gone = new Promise((resolve) => server.removeAllListeners("exit").once("exit", resolve));
  const browser = await browsing;
  const context = await browser.newContext({ viewport: WINDOW, permissions: ["clipboard-read", "clipboard-write"] });
  page = await context.newPage();
  await page.exposeFunction("codeAutomationExit", (code) => tell({ exit: code }));
  await page.exposeFunction("codeAutomationLog", (type, said) => process.stderr.write(`${type}: ${said.join(" ")}\n`));
  const authority = `vscode-remote://127.0.0.1:${port}`;
  const payload = [
    ["extensionDevelopmentPath", authority + config.extension],
    ["extensionTestsPath", authority + config.suite],
  ];
  const query = new URLSearchParams({ folder: config.folder, payload: JSON.stringify(payload) });
  await page.goto(`http://127.0.0.1:${port}/?${query}`);
  for await (const line of readline.createInterface(process.stdin)) {
    if (line === "close window") await page.close();
  }
  server.kill("SIGTERM");
  await browser.close();
  await gone;
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
