import path from "node:path";
import { gzipSync } from "node:zlib";
import { type Rolldown, build } from "vite";
import { expect, test, vi } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
/** What comes before the first page is there: scripts and styles, as gzip sends them. */
const BUDGET = 144_000;

type Chunk = Rolldown.OutputChunk & { viteMetadata?: { importedCss: Set<string> } };

test("the first page needs at most 144 kB, with everything that it waits for", async () => {
  // As `npm run build` does: the tests' own setting would build React for development.
  vi.stubEnv("NODE_ENV", "production");
  const built = (await build({ root, mode: "production", logLevel: "silent", build: { write: false } })) as Rolldown.RolldownOutput;
  const files = new Map(built.output.map((file) => [file.fileName, file]));
  const chunks = built.output.filter((file): file is Chunk => file.type === "chunk");
  const of = (module: string) => chunks.filter((chunk) => chunk.moduleIds.some((id) => id.endsWith(module)));
  const begins = [...chunks.filter((chunk) => chunk.isEntry), ...of("/src/pages/bench/page.tsx"), ...of("/src/i18n/de.ts")];
  expect(begins).toHaveLength(3);
  const needed = new Set<string>();
  const visit = (name: string) => {
    const file = files.get(name);
    if (needed.has(name) || file === undefined) return;
    needed.add(name);
    if (file.type === "asset") return;
    file.imports.forEach(visit);
    (file as Chunk).viteMetadata?.importedCss.forEach(visit);
  };
  begins.forEach((chunk) => visit(chunk.fileName));
  const bytes = [...needed].map((name) => {
    const file = files.get(name);
    return { name, size: gzipSync(file?.type === "chunk" ? file.code : (file?.source ?? "")).length };
  });
  const sum = bytes.reduce((all, { size }) => all + size, 0);
  console.log(`the first page needs ${sum} bytes`);
  expect(bytes.some(({ name }) => name.endsWith(".css"))).toBe(true);
  const told = bytes.sort((a, b) => b.size - a.size).map(({ name, size }) => `${size} ${name}`);
  expect(sum, told.join("\n")).toBeLessThanOrEqual(BUDGET);
});
