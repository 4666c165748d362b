/** What every test of a page looks at: violations that axe finds, and pictures on request. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.ALIMS_SCREENSHOTS;

export async function noViolations(page, where, within = "html") {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((selector) => window.axe.run(selector), within);
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n  ")}`);
  assert.deepEqual(told, [], where);
}

export async function shot(page, name) {
  if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png` });
}

/** No page is wider than its window. */
export async function noSideways(page, where) {
  const wide = await page.evaluate(() => [document.documentElement, document.getElementById("content")].map((each) => each.scrollWidth - each.clientWidth));
  assert.deepEqual(wide, [0, 0], where);
}
