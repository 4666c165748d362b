/** Makes the pictures of `docs/console.md`: it walks through the stories there. */
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { filesOf, zipOf } from "../archive.mjs";
import { openLaboratory, openPage, signIn } from "./laboratory.mjs";

const folder = process.env.ALIMS_PICTURES ?? path.resolve(import.meta.dirname, "../../../docs/console");
const SIZE = { width: 1180, height: 740 };
const BATCH = "B-118";

await mkdir(folder, { recursive: true });
const laboratory = await openLaboratory();
try {
  await laboratory.seed(60);
  await fortySamples();
  await bench();
  await review();
  await operate();
  await auditAndRules();
  await reviewsOfTheAudit();
  await exportsAndTheirCheck();
} finally {
  await laboratory.close();
}

async function take(page, name) {
  await page.mouse.move(0, 0);
  // The search box comes after the first paint.
  await page.getByPlaceholder(/^(Sample|Probe), /).waitFor();
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** A batch of forty samples on the bench; two of the newest have no results yet. */
async function fortySamples() {
  for (let index = 1; index <= 40; index += 1) {
    const id = `sample-118-${String(index).padStart(2, "0")}`;
    const isReady = index !== 31 && index !== 36;
    await laboratory.api("alice", "POST", "/workflows", {
      workflow_id: id,
      workflow_type: "sample-analysis",
      metadata: {
        sample_id: `S-118-${index}`,
        ...(isReady && { results: { na: 138 + (index % 7), k: 4.1 } }),
      },
      labels: { batch: BATCH, sample: `S-118-${index}` },
      assignee: "alice",
    });
    await laboratory.api("alice", "POST", `/workflows/${id}/transitions`, { target_state: "ACTIVE", reason: "On the bench." });
    if (isReady) {
      await laboratory.sign("alice", id, "authorship");
      await laboratory.sign("bob", id, "review");
    }
  }
  for (;;) {
    const { items } = await laboratory.api("sue", "GET", `/workflows?label=batch:${BATCH}&state=ACTIVE&limit=100`);
    if (items.length === 40) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Ten of forty are moved, and two refusals understood. */
async function bench() {
  const { page, url, close } = await openPage(laboratory, SIZE);
  await page.goto(`${url}/bench?label=batch:${BATCH}`);
  await page.getByRole("row", { name: /sample-118-40/ }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  for (let index = 0; index < 11; index += 1) await page.keyboard.press("Shift+ArrowDown");
  await page.getByText("12 selected").waitFor();
  await take(page, "bench-selected");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The batch is reviewed.");
  await sheet.getByText("Complete", { exact: true }).click();
  await sheet.getByRole("button", { name: /^Complete/ }).click();
  await sheet.getByText("10 moved").waitFor();
  await take(page, "bench-results");
  await sheet.getByRole("button", { name: "Done" }).click();
  await page.goto(`${url}/workflow/sample-118-36`);
  await page.getByText("Not yet").first().waitFor();
  await page.getByText("was refused to move it to").waitFor();
  await take(page, "workflow-why-not");
  await close();
}

/** Three results wait for a second person, who signs them after a fresh sign-in. */
async function review() {
  for (const index of [1, 2, 3]) {
    const id = `sample-119-0${index}`;
    await laboratory.api("alice", "POST", "/workflows", {
      workflow_id: id,
      workflow_type: "sample-analysis",
      metadata: { sample_id: `S-119-0${index}`, matrix: "serum", results: { na: 138 + index, k: 4.1 } },
      labels: { batch: "B-119", sample: `S-119-0${index}` },
      assignee: "alice",
    });
    await laboratory.api("alice", "POST", `/workflows/${id}/transitions`, { target_state: "ACTIVE", reason: "On the bench." });
    await laboratory.sign("alice", id, "authorship");
  }
  const { page, url, close } = await openPage(laboratory, { ...SIZE, token: await laboratory.stale(laboratory.tokens.bob) });
  await page.goto(`${url}/review`);
  for (const index of [1, 2, 3]) await page.locator(`tbody [data-key="sample-119-0${index}"]`).click();
  await page.getByText("3 selected").waitFor();
  await take(page, "review");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.locator("summary").nth(2).waitFor();
  await take(page, "review-sign");
  await sheet.getByRole("button", { name: "Review: sign 3" }).click();
  const again = sheet.getByRole("button", { name: "Sign in, then sign" });
  await again.waitFor();
  await again.scrollIntoViewIfNeeded();
  await take(page, "review-fresh");
  const [opened] = await Promise.all([page.waitForEvent("popup"), again.click()]);
  await signIn(opened, laboratory, "bob");
  await sheet.getByText("3 signed").waitFor();
  await take(page, "review-signed");
  await close();
}

/** A quarantine is found, understood and released. */
async function operate() {
  const { page, url, close } = await openPage(laboratory, SIZE);
  await page.goto(`${url}/operate`);
  const row = page.locator("tbody tr.row").first();
  await row.waitFor();
  await page.getByText("versions written").waitFor();
  await page.getByRole("heading", { name: "Publisher and sweep" }).waitFor();
  await take(page, "operate");
  const id = await row.getAttribute("data-key");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Release …" }).waitFor();
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByText(/cannot be read\. Version|What is stored as/).first().waitFor();
  await sheet.getByRole("textbox", { name: "Reason" }).fill("Compared with the paper record: the sample is S-2026-0004, as the next version says.");
  await take(page, "operate-release");
  await sheet.getByRole("button", { name: "Release 1 break" }).click();
  await sheet.getByText(/^Released\. The workflow/).waitFor();
  await page.goto(`${url}/workflow/${id}`);
  await page.getByText("released the break").waitFor();
  await take(page, "operate-released");
  await close();
}

async function auditAndRules() {
  const { page, url, close } = await openPage(laboratory, SIZE);
  await page.goto(`${url}/audit?kind=WorkflowTransitionRefused`);
  await page.getByRole("link", { name: "sample-118-36" }).first().waitFor();
  await take(page, "audit");
  await page.goto(`${url}/rules?try=sample-118-36`);
  await page.getByText("The rules deny it").first().waitFor();
  await page.getByText("laboratory, version").first().waitFor();
  await take(page, "rules");
  await close();
  const dark = await openPage(laboratory, { ...SIZE, theme: "dark", locale: "de-DE" });
  await dark.page.goto(`${dark.url}/bench`);
  await dark.page.getByRole("row").nth(5).waitFor();
  await take(dark.page, "bench-dark-german");
  await dark.close();
}

/** A period is read and reviewed, and the reviews are listed. */
async function reviewsOfTheAudit() {
  const { page, url, close } = await openPage(laboratory, SIZE);
  for (const [more, found] of [
    ["&kind=WorkflowTransitionRefused", "Two refusals for missing results; both samples were measured again."],
    ["", "Every release has a reason that fits the paper record."],
  ]) {
    await page.goto(`${url}/audit?from=2026-11-01T00:00:00Z&to=2026-11-28T00:00:00Z${more}`);
    await page.getByRole("button", { name: "Record my review …" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("textbox", { name: "What you found" }).fill(found);
    if (more === "") await take(page, "audit-review");
    await sheet.getByRole("button", { name: "Record the review" }).click();
    await sheet.getByText("Your review is recorded.").waitFor();
  }
  await page.getByRole("dialog").getByRole("link", { name: "Show the reviews" }).click();
  await page.getByRole("row", { name: /Every release/ }).waitFor();
  await take(page, "audit-reviews");
  await close();
}

/** A workflow was exported; its archive is checked as it is, and altered. */
async function exportsAndTheirCheck() {
  const made = await laboratory.api("sue", "POST", "/exports", { workflow_id: "sample-118-01", reason: "Inspection." });
  const { page, url, close } = await openPage(laboratory, { ...SIZE, width: 1280, height: 860 });
  await page.goto(`${url}/audit/exports?export=${made.export_id}`);
  await page.getByRole("link", { name: "Download" }).waitFor();
  await page.getByRole("textbox", { name: /^Public key/ }).fill(await laboratory.signingKey());
  const check = async (name, files, said) => {
    const buffer = Buffer.from(await (await zipOf(files)).arrayBuffer());
    await page.locator('input[type="file"]').setInputFiles({ name, mimeType: "application/zip", buffer });
    await page.getByText(said).waitFor();
  };
  const files = await filesOf(await (await fetch(made.download_url)).blob());
  await check("sample-118-01.zip", files, "sample-118-01.zip is as it was signed");
  await take(page, "exports-verified");
  const lines = new TextDecoder().decode(files.get("records.jsonl")).split("\n");
  lines[1] = lines[1].replace('"to_state":"ACTIVE"', '"to_state":"FAILED"');
  await page.getByRole("button", { name: "Check another file" }).click();
  await check("sample-118-01.zip", new Map(files).set("records.jsonl", new TextEncoder().encode(lines.join("\n"))), "sample-118-01.zip is not as it was signed");
  await take(page, "exports-altered");
  await close();
}
