/** What stays when something goes away: a page's file, the session, the element that had the keyboard. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openLaboratory, openPage, signIn } from "./laboratory.mjs";
import { noViolations, shot } from "./looks.mjs";

let laboratory;

before(async () => {
  laboratory = await openLaboratory();
});
after(async () => {
  await laboratory?.close();
});

async function sample(id, labels = {}) {
  await laboratory.api("alice", "POST", "/workflows", { workflow_id: id, workflow_type: "sample-analysis", metadata: { sample_id: id, results: { na: 140 } }, labels });
  await laboratory.api("alice", "POST", `/workflows/${id}/transitions`, { target_state: "ACTIVE", reason: "For the test." });
  for (;;) {
    const { items } = await laboratory.api("sue", "GET", "/workflows?limit=100&state=ACTIVE");
    if (items.some((item) => item.workflow_id === id)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const row = (page, id) => page.locator(`tbody [data-key="${id}"]`);
const focusOf = (page) => page.evaluate(() => document.activeElement?.tagName ?? "none");

/** The keyboard is somewhere, also after everything came to rest. */
async function placed(page, where) {
  await page.waitForTimeout(400);
  assert.notEqual(await focusOf(page), "BODY", where);
}

for (const [locale, { missing, again, heading }] of Object.entries({
  "en-GB": { missing: "This part of the console did not arrive", again: "Try again", heading: "Rules" },
  "de-DE": { missing: "Dieser Teil der Konsole kam nicht an", again: "Noch einmal", heading: "Regeln" },
})) {
  test(`a page that does not arrive leaves the frame, and comes when the connection is back, ${locale}`, async () => {
    await sample(`frame-${locale.slice(0, 2)}`);
    const { page, url, close } = await openPage(laboratory, { locale });
    await page.goto(`${url}/bench`);
    await page.getByRole("row").nth(1).waitFor();
    // The catalogue of the other pages is there already, as after an hour of work.
    await page.route("**/assets/page-*.js", (route) => route.abort());
    await page.route("**/console.json", (route) => route.abort());
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByText(missing).waitFor();
    assert.equal(await page.getByRole("navigation").first().isVisible(), true, "the frame stays");
    await noViolations(page, `missing, ${locale}`);
    await page.unroute("**/assets/page-*.js");
    await page.unroute("**/console.json");
    await page.getByRole("button", { name: again }).click();
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    await close();
  });
}

test("a page that a new release renamed is found by one more load, and by no second one", async () => {
  const { page, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench`);
  await page.getByRole("heading", { name: "Bench" }).waitFor();
  let loads = 0;
  page.on("request", (request) => {
    if (request.isNavigationRequest()) loads += 1;
  });
  await page.route("**/assets/page-*.js", (route) => route.fulfill({ status: 404 }));
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.getByText("This part of the console did not arrive").waitFor();
  assert.equal(loads, 1);
  await page.unroute("**/assets/page-*.js");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "Rules", level: 1 }).waitFor();
  await close();
});

test("the end of the session stands above a dialog, is reached by keyboard and mouse, and keeps the draft", async () => {
  await sample("ended-1");
  const expired = await laboratory.token("bob", ["supervisor"], -60);
  const { page, url, close } = await openPage(laboratory, { token: laboratory.tokens.bob });
  await page.goto(`${url}/workflow/ended-1`);
  await page.getByRole("button", { name: "Pause …" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("Long and dear.");
  await page.evaluate((token) => sessionStorage.setItem("alims.token", token), expired);
  await sheet.getByRole("button", { name: "Pause", exact: true }).click();
  const card = page.getByRole("alertdialog");
  const again = card.getByRole("button", { name: "Sign in again" });
  await again.and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Tab");
  await again.and(page.locator(":focus")).waitFor();
  assert.equal(await page.getByText("Authentication required").count(), 0, "the end is shown once");
  await noViolations(page, "ended above a dialog");
  await shot(page, "ended");
  // A window of its own opens by a press; the person closes it, and the page says so quietly.
  const [opened] = await Promise.all([page.waitForEvent("popup"), again.click()]);
  await opened.close();
  await card.getByText("The sign-in was cancelled.").waitFor();
  const [second] = await Promise.all([page.waitForEvent("popup"), again.click()]);
  await signIn(second, laboratory, "bob");
  await card.waitFor({ state: "detached" });
  assert.equal(await sheet.getByRole("textbox", { name: "Reason" }).inputValue(), "Long and dear.");
  await sheet.getByText("You are signed in again").waitFor();
  await sheet.getByRole("button", { name: "Pause", exact: true }).click();
  await sheet.waitFor({ state: "detached" });
  await page.getByRole("status").getByText("Paused").waitFor();
  await placed(page, "after the move");
  await close();
});

test("the keyboard is never on nothing: after another page, a row that opens, and back", async () => {
  for (const id of ["keys-1", "keys-2", "keys-3"]) await sample(id, { batch: "KEYS" });
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench?label=batch:KEYS&state=ACTIVE`);
  await row(page, "keys-1").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const id = await page.evaluate(() => document.activeElement?.dataset.key);
  assert.match(id, /^keys-/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: id }).waitFor();
  await placed(page, "a row opened");
  await page.getByRole("link", { name: "Bench" }).last().click();
  await page.waitForURL(/\/bench\?.*label=batch:KEYS/, { timeout: 5000 }).catch(() => assert.fail(page.url()));
  await row(page, id).and(page.locator(":focus")).waitFor();
  for (const key of ["r", "o", "a", "l", "b"]) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await placed(page, `g ${key}`);
  }
  assert.deepEqual(complaints, []);
  await close();
});

test("what went wrong is in sight at the foot of a long dialog, and said in German alone", async () => {
  const results = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`r${at}`, at]));
  await laboratory.api("alice", "POST", "/workflows", { workflow_id: "long-1", workflow_type: "sample-analysis", metadata: { sample_id: "long-1", results } });
  const { page, complaints, url, close } = await openPage(laboratory, { locale: "de-DE", height: 600 });
  await page.goto(`${url}/workflow/long-1`);
  await page.getByRole("heading", { name: "long-1" }).waitFor();
  await page.getByRole("button", { name: "Bearbeiten", exact: true }).waitFor();
  await page.keyboard.press("d");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Grund" }).fill("Neu gelesen.");
  await page.route("**/workflows/long-1", (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 503, contentType: "application/problem+json", json: { type: "urn:alims:problem:storage-unavailable", title: "Storage unavailable", status: 503, detail: "Try again.", code: "storage-unavailable", request_id: "r-1" } })
      : route.continue(),
  );
  await sheet.getByRole("textbox").first().focus();
  await sheet.getByRole("button", { name: /^Version \d speichern/ }).click();
  const note = sheet.getByRole("alert");
  await note.getByText("Speicher nicht erreichbar").waitFor();
  assert.equal(await note.locator("[lang=en]").count(), 0, "the service's English says no more");
  const [bottom, foot] = await Promise.all([note, sheet.locator(".sheet-foot")].map((each) => each.boundingBox()));
  assert.ok(bottom.y + bottom.height <= foot.y + 1, "the note ends above the buttons");
  await noViolations(page, "a refusal in German");
  assert.deepEqual(complaints, []);
  await close();
});
