// Runs all features, one after the other, and writes down what became of each: null, or its error.
const fs = require("node:fs");
const path = require("node:path");

const vscode = require("vscode");

const { cleanUp } = require("./window.cjs");

/** How long a feature may take; most take less than one. */
const FEATURE_MS = 25_000;
/** For a developer: run only features whose names match this. */
const ONLY = new RegExp(process.env.PIPE_RPC_TEST_ONLY ?? "");
const FILES = ["start", "jobs", "output", "input", "stop", "attach", "problems", "tasks", "list", "trouble", "picture"];

/** Reject where a feature takes too long, so that the others have their turn. */
function inTime(feature) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${FEATURE_MS} ms`)), FEATURE_MS);
  });
  return Promise.race([feature(), late]).finally(() => clearTimeout(timer));
}

exports.run = async () => {
  await vscode.commands.executeCommand("workbench.action.closeAuxiliaryBar");
  const results = {};
  for (const file of FILES) {
    for (const [name, feature] of Object.entries(require(path.join(__dirname, `${file}.cjs`)))) {
      if (!ONLY.test(name)) continue;
      const before = Date.now();
      try {
        await inTime(feature);
        results[name] = null;
      } catch (error) {
        results[name] = String(error.stack);
      }
      await inTime(cleanUp).catch((error) => {
        results[name] ??= `cannot be cleaned up: ${error.stack}`;
      });
      console.log(`${name}: ${Date.now() - before} ms`);
      fs.writeFileSync(process.env.PIPE_RPC_TEST_RESULTS, JSON.stringify(results));
    }
  }
};
