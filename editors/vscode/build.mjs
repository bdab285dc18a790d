// Bundles the extension, and the one library that it uses, into one file.
import { build } from "esbuild";

await build({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  external: ["vscode"],
  format: "cjs",
  platform: "node",
  // The Node of VS Code 1.90.
  target: "node20",
});
