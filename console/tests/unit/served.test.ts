/** `npm run dev` passes to the service what is the service's; everything else is the console. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

import { served } from "../../vite.config";

/** What the server has besides the operations of the API. */
const BESIDES = ["/events", "/docs", "/openapi.json", "/console.json", "/oidc"];

test("each operation of the API is passed to the service, and nothing that it does not have", () => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../../../openapi.yaml"), "utf8");
  const first = [...text.matchAll(/^ {2}(\/[^/:\s]+)\S*:$/gm)].map((match) => match[1]);
  expect(first).toContain("/workflows");
  expect([...served].sort()).toEqual([...new Set([...first, ...BESIDES])].sort());
});
