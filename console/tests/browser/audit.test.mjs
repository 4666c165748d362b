/** Reviews of the audit trail, exports, and the check of an exported file, in a real browser. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { after, before, test } from "node:test";

import { filesFor, publicPem, versionsOf, zipOf } from "../archive.mjs";
import { made, withExports } from "./exports.mjs";
import { openLaboratory, openPage } from "./laboratory.mjs";
import { noSideways, noViolations, shot } from "./looks.mjs";

let laboratory;

before(async () => {
  laboratory = await openLaboratory();
  await laboratory.api("alice", "POST", "/workflows", { workflow_id: "seen-1", workflow_type: "sample-analysis", metadata: { sample_id: "seen-1" } });
  for (;;) {
    const { items } = await laboratory.api("sue", "GET", "/activity");
    if (items.some((item) => item.workflow_id === "seen-1")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
after(async () => {
  await laboratory?.close();
});

test("a review of a period is recorded by keyboard with its finding, and stands among the reviews", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/audit?from=2026-11-01T00:00:00Z&to=2026-11-20T00:00:00Z`);
  await page.getByRole("button", { name: "Record my review …" }).waitFor();
  await page.keyboard.press("v");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("All activity of the period").waitFor();
  await sheet.getByRole("textbox", { name: "What you found" }).waitFor();
  await sheet.getByRole("button", { name: "Record the review" }).press("Enter");
  await sheet.getByText("Write what you found.").waitFor();
  await noViolations(page, "review");
  await sheet.getByRole("textbox", { name: "What you found" }).fill("Every release has a reason.");
  await shot(page, "audit-review");
  await sheet.getByRole("button", { name: "Record the review" }).press("Enter");
  await sheet.getByText("Your review is recorded.").waitFor();
  await sheet.getByRole("link", { name: "Show the reviews" }).click();
  const row = page.getByRole("row", { name: /Every release has a reason/ });
  await row.getByText("Whole", { exact: true }).waitFor();
  await row.getByText("sue").waitFor();
  const { items } = await laboratory.api("sue", "GET", "/activity?kind=AuditTrailReviewed");
  assert.deepEqual(items.map(({ entry }) => [entry.details, entry.reason, entry.requested_by]), [
    [{ from: "2026-11-01T00:00:00.000Z", to: "2026-11-20T00:00:00.000Z" }, "Every release has a reason.", "sue"],
  ]);
  await page.getByText("Reviewed as a whole until").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a review of a part says so, its refusal is shown in words, and what was written stays", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/audit?principal=alice&kind=WorkflowCreated&from=2026-11-02T00:00:00Z&to=2026-11-20T00:00:00Z`);
  await page.getByRole("button", { name: "Record my review …" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Only what alice did of the kind “Created”").waitFor();
  await sheet.getByRole("textbox", { name: "What you found" }).fill("Nothing strange.");
  let keys = [];
  let isRefused = true;
  await page.route("**/activity/reviews", (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (!isRefused) return route.continue();
    isRefused = false;
    return route.fulfill({ status: 503, json: { type: "urn:alims:problem:storage-unavailable", title: "Storage unavailable", status: 503, detail: "Try again.", code: "storage-unavailable", request_id: "r-1" } });
  });
  await sheet.getByRole("button", { name: "Record the review" }).click();
  await sheet.getByText("Storage unavailable").waitFor();
  assert.equal(await sheet.getByRole("textbox", { name: "What you found" }).inputValue(), "Nothing strange.");
  await sheet.getByRole("button", { name: "Record the review" }).click();
  await sheet.getByText("Your review is recorded.").waitFor();
  assert.equal(new Set(keys).size, 1, "the repeated request is the same one");
  assert.equal(keys.length, 2);
  await sheet.getByRole("link", { name: "Show the reviews" }).click();
  await page.getByRole("row", { name: /Nothing strange/ }).getByText("In part").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a person who may not review is not asked to", async () => {
  const { page, url, close } = await openPage(laboratory, { token: laboratory.tokens.alice });
  await page.goto(`${url}/audit`);
  await page.getByRole("link", { name: "seen-1" }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Record my review …" }).count(), 0);
  await close();
});

test("a month is exported, waited for, downloaded, and verified without a network", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  const records = [...versionsOf("w-1", 3), ...versionsOf("w-2", 2)];
  const zip = Buffer.from(await (await zipOf(filesFor(records, { selection: made.selection }))).arrayBuffer());
  // The file lies elsewhere, as it does in the cloud.
  const store = http.createServer((_, response) => response.writeHead(200, { "content-type": "application/zip", "content-disposition": "attachment" }).end(zip));
  await new Promise((resolve) => store.listen(0, "127.0.0.1", resolve));
  const done = { ...made, status: "COMPLETED", completed_at: made.requested_at, entries: 5, bytes: zip.length, sha256: "0".repeat(64), download_url: `http://127.0.0.1:${store.address().port}/export-1.zip` };
  const asked = await withExports(page, [
    { status: 202, json: made },
    { status: 200, json: { ...made, entries: 2 } },
    { status: 200, json: done },
  ]);
  await page.goto(`${url}/audit?from=2026-11-01T00:00:00Z&to=2026-11-28T00:00:00Z`);
  await page.getByRole("link", { name: "Export this …" }).click();
  const person = page.getByRole("textbox", { name: "User id", exact: true });
  assert.equal(await person.getAttribute("placeholder"), "all persons");
  const hint = await person.getAttribute("aria-describedby");
  assert.equal(await page.locator(`[id="${hint}"]`).innerText(), "Only what this person did or asked for");
  await page.getByRole("textbox", { name: /^Reason/ }).fill("Inspection.");
  await page.getByRole("button", { name: "Make the export" }).press("Enter");
  await page.getByRole("status").getByText("Being made").waitFor();
  await page.getByRole("link", { name: "Download" }).waitFor();
  assert.deepEqual(asked.map(({ body }) => body), [{ from: "2026-11-01T00:00:00.000Z", to: "2026-11-28T00:00:00.000Z", reason: "Inspection." }]);
  assert.match(page.url(), /export=export-1/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  const path = await download.path();
  store.close();
  await noViolations(page, "exports");
  await page.context().setOffline(true);
  await page.getByRole("textbox", { name: /^Public key/ }).fill(publicPem);
  await page.locator('input[type="file"]').setInputFiles({ name: "export-1.zip", mimeType: "application/zip", buffer: await readFile(path) });
  await page.getByText("export-1.zip is as it was signed").waitFor();
  await page.getByText("It was signed with the key that you gave.").waitFor();
  await page.getByText("Records: 5. Versions: 5. Workflows: 2.").waitFor();
  await noViolations(page, "verified");
  await shot(page, "exports-verified");
  assert.deepEqual(complaints.filter((each) => !each.includes("ERR_INTERNET_DISCONNECTED")), []);
  await close();
});

test("the service exports a workflow, and its archive is verified without a network", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/seen-1`);
  await page.getByRole("link", { name: "Export this …" }).click();
  await page.getByRole("textbox", { name: /^Reason/ }).fill("Inspection.");
  await page.getByRole("button", { name: "Make the export" }).press("Enter");
  await page.getByRole("status").getByText("Ready").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  const buffer = await readFile(await download.path());
  await page.getByText(/sue/).first().waitFor();
  await shot(page, "exports-made");
  await page.context().setOffline(true);
  await page.getByRole("textbox", { name: /^Public key/ }).fill(await laboratory.signingKey());
  await page.locator('input[type="file"]').setInputFiles({ name: "seen-1.zip", mimeType: "application/zip", buffer });
  await page.getByText("seen-1.zip is as it was signed").waitFor();
  await page.getByText("It was signed with the key that you gave.").waitFor();
  await shot(page, "exports-of-the-service");
  assert.deepEqual(complaints.filter((each) => !each.includes("ERR_INTERNET_DISCONNECTED")), []);
  await close();
});

test("an altered file is named with the line and the record, and a failed export is shown in words", async () => {
  const { page, url, close } = await openPage(laboratory);
  const failure = { code: "too-many-entries", detail: "The period has more than 1,000,000 entries. Choose a shorter one." };
  await withExports(page, [{ status: 200, json: { ...made, status: "FAILED", failure } }]);
  await page.goto(`${url}/audit/exports?export=export-1`);
  await page.getByText(failure.detail).waitFor();
  const [first, second, third] = versionsOf("w-1", 3);
  const altered = filesFor([first, { ...second, to_state: "COMPLETED" }, third]);
  const sealed = filesFor([first, second, third]);
  sealed.set("records.jsonl", altered.get("records.jsonl"));
  const zip = Buffer.from(await (await zipOf(sealed)).arrayBuffer());
  await page.locator('input[type="file"]').setInputFiles({ name: "altered.zip", mimeType: "application/zip", buffer: zip });
  await page.getByText("altered.zip is not as it was signed").waitFor();
  await page.getByText("line 2").waitFor();
  await page.getByText("This record was altered: it does not fit its own hash.").waitFor();
  await noViolations(page, "altered");
  await shot(page, "exports-altered");
  await page.getByRole("button", { name: "Check another file" }).click();
  await page.locator('input[type="file"]').setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no zip") });
  await page.getByText("This is no complete zip file").waitFor();
  await close();
});

test("one workflow is exported from its page", async () => {
  const { page, url, close } = await openPage(laboratory);
  const asked = await withExports(page, [{ status: 422, json: { type: "urn:x", title: "Nothing to export", status: 422, detail: "No entry matches.", code: "nothing", request_id: "r" } }]);
  await page.goto(`${url}/workflow/seen-1`);
  await page.getByRole("link", { name: "Export this …" }).click();
  assert.equal(await page.getByRole("textbox", { name: "Workflow" }).inputValue(), "seen-1");
  await page.getByRole("button", { name: "Make the export" }).click();
  await page.getByText("Nothing to export").waitFor();
  assert.deepEqual(asked.map(({ body }) => body), [{ workflow_id: "seen-1" }]);
  await close();
});

for (const theme of ["light", "dark"]) {
  test(`reviews and exports have no violation that axe finds, and none scrolls sideways, ${theme}`, async () => {
    for (const [width, height] of [[1280, 800], [768, 1024], [640, 400]]) {
      const { page, complaints, url, close } = await openPage(laboratory, { theme, width, height });
      await withExports(page, [{ status: 200, json: { ...made, status: "COMPLETED", entries: 5, bytes: 7000, sha256: "0".repeat(64), download_url: `${url}/x` } }]);
      for (const [at, text] of [["audit", "seen-1"], ["audit/reviews", "Last 30 days"], ["audit/exports?export=export-1", "Download"]]) {
        await page.goto(`${url}/${at}`);
        await page.getByText(text).first().waitFor();
        await noSideways(page, `${at} at ${width}`);
        if (width === 1280) await noViolations(page, `${at}, ${theme}`);
        await shot(page, `${at.replaceAll("/", "-").replace(/\?.*/, "")}-${theme}-${width}`);
      }
      assert.deepEqual(complaints, []);
      await close();
    }
  });
}

test("reviews and exports are German for a person who reads German", async () => {
  const { page, complaints, url, close } = await openPage(laboratory, { locale: "de-DE" });
  for (const [at, text] of [["audit/reviews", "Prüfungen"], ["audit/exports", "Eine Datei prüfen"]]) {
    await page.goto(`${url}/${at}`);
    await page.getByText(text).first().waitFor();
  }
  assert.deepEqual(complaints, []);
  await close();
});

