/** A component or a hook that is too long to read at once is split along a seam. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const LINES_MAX = 70;
const src = path.resolve(import.meta.dirname, "../../src");

/** The functions of a file that have more lines than that, with their names and lengths. */
function tooLong(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const lineOf = (at: number) => source.getLineAndCharacterOfPosition(at).line;
      const first = lineOf(node.getStart(source));
      const lines = lineOf(node.end) - first + 1;
      if (lines > LINES_MAX) found.push(`${file}:${first + 1}: ${node.name?.getText(source) ?? "a function"} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test("no function has more than 70 lines", () => {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"));
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap((file) => tooLong(file, readFileSync(path.join(src, file), "utf8")))).toEqual([]);
});

test("a function of 71 lines is found, however it is written, and one of 70 is not", () => {
  const lines = (count: number) => `${"  go();\n".repeat(count - 2)}}`;
  for (const head of ["export function Page() {\n", "const usePage = () => {\n", "export default function () {\n"]) {
    expect(tooLong("a.tsx", head + lines(70)), head).toEqual([]);
    expect(tooLong("a.tsx", head + lines(71)), head).toHaveLength(1);
  }
});
