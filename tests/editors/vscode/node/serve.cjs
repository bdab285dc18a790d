// Starts a server by the settings that are given as JSON, asks it something, and prints what it is or why it is not.
const load = require("./load.cjs");
const { Server } = load("server");
const { DEFAULTS } = load("settings");

const server = new Server({
  settings: () => ({ ...DEFAULTS, ...JSON.parse(process.argv[2]) }),
  client: { name: "a test", version: "1" },
  log: () => undefined,
  notification: () => undefined,
  lost: () => undefined,
});
server.request("session/list", {}, (failure) => {
  const { how, command, protocol } = server.description ?? {};
  console.log(JSON.stringify(failure === undefined ? { how, command, protocol } : { problem: failure.message }));
  server.close();
});
