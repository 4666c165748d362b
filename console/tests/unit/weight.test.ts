/** What the pages weigh: the first one is bounded, and `docs/console.md` tells what is measured here. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { type Rolldown, build } from "vite";
import { beforeAll, expect, test, vi } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const document = path.resolve(root, "../docs/console.md");
/** What comes before the first page is there: scripts and styles, as gzip sends them. */
const BUDGET = 144_000;

type Chunk = Rolldown.OutputChunk & { viteMetadata?: { importedCss: Set<string> } };

let files: Map<string, Rolldown.OutputChunk | Rolldown.OutputAsset>;
let chunks: Chunk[];

beforeAll(async () => {
  // As `npm run build` does: the tests' own setting would build React for development.
  vi.stubEnv("NODE_ENV", "production");
  const built = (await build({ root, mode: "production", logLevel: "silent", build: { write: false } })) as Rolldown.RolldownOutput;
  files = new Map(built.output.map((file) => [file.fileName, file]));
  chunks = built.output.filter((file): file is Chunk => file.type === "chunk");
}, 120_000);

function of(module: string): Chunk[] {
  return chunks.filter((chunk) => chunk.moduleIds.some((id) => id.endsWith(module)));
}

/** These files with everything that they wait for. */
function needed(begins: readonly Chunk[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    const file = files.get(name);
    if (found.has(name) || file === undefined) return;
    found.add(name);
    if (file.type === "asset") return;
    file.imports.forEach(visit);
    (file as Chunk).viteMetadata?.importedCss.forEach(visit);
  };
  begins.forEach((chunk) => visit(chunk.fileName));
  return found;
}

function size(name: string): number {
  const file = files.get(name);
  return gzipSync(file?.type === "chunk" ? file.code : (file?.source ?? "")).length;
}

function sum(names: Iterable<string>): number {
  return [...names].reduce((all, name) => all + size(name), 0);
}

function first(): Set<string> {
  const begins = [...chunks.filter((chunk) => chunk.isEntry), ...of("/src/pages/bench/page.tsx"), ...of("/src/i18n/de.ts")];
  expect(begins).toHaveLength(3);
  return needed(begins);
}

/** The kilobytes of each page beyond the first one, in the order of the document. */
function table(): string {
  const kB = (bytes: number) => `${Math.round(bytes / 1000)} kB`;
  const before = first();
  const beyond = (module: string) => {
    const begins = of(module);
    expect(begins.length, module).toBeGreaterThan(0);
    return sum([...needed(begins)].filter((name) => !before.has(name)));
  };
  const worker = [...files.keys()].filter((name) => /\/worker-.*\.js$/.test(name));
  expect(worker).toHaveLength(1);
  const rows = [
    ["the first page, with everything that it waits for", sum(before)],
    ["messages of the other pages, in one language", beyond("/src/i18n/de.more.ts")],
    ["the page of a workflow", beyond("/src/pages/workflow/page.tsx")],
    ["review", beyond("/src/pages/review/page.tsx")],
    ["audit: the activity", beyond("/src/pages/audit/page.tsx")],
    ["audit: the reviews", beyond("/src/pages/audit/Reviews.tsx")],
    ["audit: the exports, with the check of a file", sum([...new Set([...needed([...of("/src/pages/exports/page.tsx"), ...of("/src/pages/exports/VerifyPanel.tsx")]), ...worker])].filter((name) => !before.has(name)))],
    ["operate", beyond("/src/pages/operate/page.tsx")],
    ["rules", beyond("/src/pages/rules/page.tsx")],
  ] as const;
  return ["| page | gzipped |", "|---|---|", ...rows.map(([name, bytes]) => `| ${name} | ${kB(bytes)} |`)].join("\n");
}

test("the first page needs at most 144 kB, with everything that it waits for", () => {
  const names = [...first()];
  console.log(`the first page needs ${sum(names)} bytes`);
  expect(names.some((name) => name.endsWith(".css"))).toBe(true);
  const told = names.map((name) => `${size(name)} ${name}`);
  expect(sum(names), told.join("\n")).toBeLessThanOrEqual(BUDGET);
  // The check of a file and its libraries come with its page alone.
  expect(names.some((name) => name.includes("worker"))).toBe(false);
});

/** Another release of zlib makes a few bytes more or less: one kilobyte is no difference. */
function closeTo(text: string, renewed: string): string {
  const weights = (of: string) => [...of.matchAll(/\| (\d+) kB \|/g)].map((match) => Number(match[1]));
  const [told, measured] = [weights(text), weights(renewed)];
  const isClose = told.length === measured.length && told.every((kB, at) => Math.abs(kB - (measured[at] ?? 0)) <= 1);
  let at = 0;
  return isClose ? text.replace(/\| \d+ kB \|/g, () => `| ${measured[at++]} kB |`) : text;
}

test("docs/console.md tells what the pages weigh; `npm run weights` renews it", () => {
  const [begin, end] = ["<!-- weights: npm run weights -->", "<!-- end of weights -->"];
  const text = readFileSync(document, "utf8");
  const [before, rest = ""] = text.split(begin);
  const [, after] = rest.split(end);
  const renewed = `${before}${begin}\n${table()}\n${end}${after}`;
  if (process.env.ALIMS_WEIGHTS === "write") writeFileSync(document, renewed);
  else expect(closeTo(text, renewed)).toBe(renewed);
});
