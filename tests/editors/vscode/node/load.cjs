// Loads a module of the extension, bundled as the extension is, in plain Node: `require("./load.cjs")("connection")`.
const { execFileSync } = require("node:child_process");
const Module = require("node:module");
const path = require("node:path");

const EXTENSION = path.join(__dirname, "..", "..", "..", "..", "editors", "vscode");
const ESBUILD = path.join(EXTENSION, "node_modules", "esbuild", "bin", "esbuild");

module.exports = (name) => {
  const file = path.join(EXTENSION, "src", `${name}.ts`);
  const words = ["--bundle", "--format=cjs", "--platform=node", "--target=node20", "--log-level=warning"];
  const text = execFileSync(ESBUILD, [file, ...words], { encoding: "utf8" });
  const made = new Module(file);
  made.paths = Module._nodeModulePaths(path.dirname(file));
  made._compile(text, file);
  return made.exports;
};
