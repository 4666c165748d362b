import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

test("the committed client is the one that the contract generates", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "alims-client-"));
  try {
    const output = path.join(folder, "schema.d.ts");
    const tool = path.join(root, "node_modules/openapi-typescript/bin/cli.js");
    const options = ["--alphabetize", "--default-non-nullable=false"];
    execFileSync(process.execPath, [tool, path.join(root, "../openapi.yaml"), "--output", output, ...options]);
    const committed = readFileSync(path.join(root, "src/api/schema.d.ts"), "utf8");
    expect(readFileSync(output, "utf8") === committed, "run `npm run client`").toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
