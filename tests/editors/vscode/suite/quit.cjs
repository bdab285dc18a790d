// Starts jobs that do not end by themselves, says so, and then waits for the end of the window.
const { ask, run, shows } = require("./window.cjs");

exports.run = async () => {
  const stubborn = await run({ command: "trap '' TERM; echo ready; while :; do sleep 0.01; done" });
  await shows(stubborn, "\nready");
  await shows(await run({ command: "setsid sleep 1000 & echo ready; wait" }), "\nready");
  await ask("tell", { host: process.pid });
  await new Promise(() => undefined);
};
