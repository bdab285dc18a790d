const assert = require("node:assert/strict");
const { ask, command, eventually, extension, run } = require("./window.cjs");

module.exports = {
  async "nothing is active or started before the first use"() {
    assert.equal(extension.isActive, false);
    assert.deepEqual((await ask("visible", ".statusbar-item")).filter((text) => text.includes("running")), []);
    await extension.activate();
    assert.equal(extension.exports.server.description, undefined);
    assert.equal(extension.exports.status.text, "");
  },

  async "the status bar counts jobs and is empty before the first"() {
    const { status } = extension.exports;
    assert.equal(status.text, "");
    const job = await run({ argv: ["cat"], name: "cat" });
    await eventually(() => status.text === "$(sync~spin) 1 running");
    await eventually(async () => (await ask("visible", ".statusbar-item")).some((text) => text.includes("1 running")));
    const failing = await run({ argv: ["false"] });
    await eventually(() => status.text === "$(sync~spin) 1 running, 1 failed");
    await command("dispose", job.number);
    await command("dispose", failing.number);
    await eventually(() => status.text === "");
  },
};
