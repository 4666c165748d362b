/** Signing, in a real browser with the server's own sign-in. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openLaboratory, openPage, signIn } from "./laboratory.mjs";
import { noSideways, noViolations, shot } from "./looks.mjs";

let laboratory;

before(async () => {
  laboratory = await openLaboratory();
});
after(async () => {
  await laboratory?.close();
});

/** An active sample with results; its author signed it unless the test says otherwise. */
async function sample(id, who = "alice", isSigned = true) {
  await laboratory.api(who, "POST", "/workflows", {
    workflow_id: id,
    workflow_type: "sample-analysis",
    metadata: { sample_id: id, results: { na: 140, k: 4.1 } },
    labels: { sample: id },
  });
  await laboratory.api(who, "POST", `/workflows/${id}/transitions`, { target_state: "ACTIVE", reason: "For the test." });
  if (isSigned) await laboratory.sign(who, id, "authorship");
}

/** The index shows this version. */
async function published(id, version) {
  for (;;) {
    const { items } = await laboratory.api("bob", "GET", "/workflows?state=ACTIVE&limit=100");
    if (items.some((item) => item.workflow_id === id && item.published_version >= version)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function signaturesOf(id) {
  return laboratory.api("sue", "GET", `/workflows/${id}`).then(({ signatures = [] }) => signatures);
}

const row = (page, id) => page.locator(`tbody [data-key="${id}"]`);

test("a second person signs reviews by keyboard, and the workflow can be completed", async () => {
  for (const id of ["keys-1", "keys-2"]) {
    await sample(id);
    await published(id, 3);
  }
  const { page, complaints, url, close } = await openPage(laboratory, { token: laboratory.tokens.bob });
  await page.goto(`${url}/bench`);
  await page.getByRole("row").nth(1).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await row(page, "keys-1").getByText("Review", { exact: true }).waitFor();
  await row(page, "keys-2").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog", { name: "Sign 2 workflows" });
  await sheet.locator("summary").getByText("keys-1").waitFor();
  const { hash } = (await laboratory.api("bob", "GET", "/workflows/keys-1/history")).items.at(-1);
  await sheet.locator(`summary code[title="${hash}"]`).waitFor();
  await sheet.getByRole("button", { name: "Review: sign 2" }).and(page.locator(":enabled")).waitFor();
  assert.equal(await sheet.getByRole("radio", { name: /^Review/ }).isChecked(), true, "what they wait for is chosen");
  assert.equal(await sheet.locator("details[open]").count(), 2, "what is signed is seen without a press");
  assert.match(await sheet.getByRole("radio").last().locator("xpath=ancestor::label").innerText(), /^Authorship/, "authorship comes last");
  await shot(page, "review-sheet");
  await noViolations(page, "sign");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Compared with the printout.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await sheet.getByText("2 signed").waitFor();
  await sheet.getByText("signed version 3").nth(1).waitFor();
  await noViolations(page, "signed");
  await shot(page, "review-signed");
  await page.keyboard.press("Enter");
  await sheet.waitFor({ state: "detached" });
  await row(page, "keys-1").waitFor({ state: "detached" });
  await page.waitForTimeout(400);
  assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY", "the keyboard is on a row or on the page");
  const signatures = await signaturesOf("keys-1");
  assert.deepEqual(
    signatures.map(({ by, meaning, version, current }) => [by, meaning, version, current]),
    [["alice", "authorship", 2, true], ["bob", "review", 3, true]],
  );
  assert.equal(signatures[1].hash, hash, "the hash that was shown is the one that was signed");
  await laboratory.api("bob", "POST", "/workflows/keys-1/transitions", { target_state: "COMPLETED", reason: "Reviewed." });
  assert.deepEqual(complaints, []);
  await close();
});

test("a person who created a workflow sees why they may not review it", async () => {
  for (const id of ["own-1", "own-2"]) {
    await sample(id, "sue", false);
    await published(id, 2);
  }
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/review?list=open`);
  for (const id of ["own-1", "own-2"]) await row(page, id).click();
  await page.getByRole("button", { name: "Sign 2 …" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Approval", { exact: true }).click();
  await sheet.getByRole("button", { name: "Approval: sign 2" }).click();
  await sheet.getByText("2 refused").waitFor();
  // The same sentence stands there once, with those that it concerns.
  await sheet.getByText(/You created this workflow or signed it in the other role\. Ask a colleague/).waitFor();
  const refused = sheet.getByRole("row", { name: /2 × Refused/ });
  for (const id of ["own-1", "own-2"]) await refused.getByRole("link", { name: id }).waitFor();
  await shot(page, "review-refused");
  await noViolations(page, "refused");
  assert.deepEqual(await signaturesOf("own-1"), []);
  await sheet.getByRole("button", { name: "Done" }).click();
  await page.goto(`${url}/workflow/own-1`);
  await page.getByText("sue was refused to sign it: Approval").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("an old sign-in is renewed in a window of its own, then signs, and leaves no refusal", async () => {
  await sample("stale-1");
  await published("stale-1", 3);
  const { page, complaints, url, close } = await openPage(laboratory, { token: await laboratory.stale(laboratory.tokens.bob) });
  await page.goto(`${url}/review`);
  await row(page, "stale-1").click();
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Comment" }).fill("Seen.");
  await sheet.getByRole("button", { name: "Review: sign 1" }).click();
  await sheet.getByText("Show that it is you").waitFor();
  await sheet.getByText("a sign-in of the last 5 minutes").waitFor();
  await noViolations(page, "stale");
  await shot(page, "review-stale");
  const [opened] = await Promise.all([page.waitForEvent("popup"), page.keyboard.press("Enter")]);
  await opened.locator("#pin").waitFor();
  await signIn(opened, laboratory, "bob");
  await sheet.getByText("1 signed").waitFor();
  await sheet.getByText("Bob", { exact: true }).waitFor();
  const { items } = await laboratory.api("sue", "GET", "/workflows/stale-1/history?include=refusals");
  assert.deepEqual(items.map(({ event_type: type }) => type).filter((type) => type === "WorkflowTransitionRefused"), []);
  assert.equal(items.at(-1).signature.comment, "Seen.");
  assert.deepEqual(complaints, []);
  await close();
});

test("where no window opens, the page goes to the sign-in and comes back with nothing lost", async () => {
  await sample("here-1");
  await published("here-1", 3);
  const { page, complaints, url, close } = await openPage(laboratory, { token: await laboratory.stale(laboratory.tokens.bob) });
  await page.goto(`${url}/review?list=open`);
  await row(page, "here-1").click();
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Approval", { exact: true }).click();
  await sheet.getByRole("textbox", { name: "Comment" }).fill("Over there and back.");
  await sheet.getByRole("button", { name: "Approval: sign 1" }).click();
  await sheet.getByRole("button", { name: "Sign in in this window" }).click();
  await signIn(page, laboratory, "bob");
  await page.waitForURL(`${url}/review?list=open`);
  await sheet.getByText("here-1").first().waitFor();
  assert.equal(await sheet.getByRole("textbox", { name: "Comment" }).inputValue(), "Over there and back.");
  assert.equal(await sheet.getByRole("radio", { name: /^Approval/ }).isChecked(), true);
  // The field began with the comment, and nobody has taken it yet.
  await page.keyboard.press("Escape");
  await sheet.getByText("Throw away what you wrote?").waitFor();
  await sheet.getByRole("button", { name: "Go on writing" }).click();
  await sheet.getByRole("button", { name: "Approval: sign 1" }).click();
  await sheet.getByText("1 signed").waitFor();
  assert.deepEqual((await signaturesOf("here-1")).map(({ meaning }) => meaning), ["authorship", "approval"]);
  assert.deepEqual(complaints, []);
  await close();
});

test("another person's sign-in signs nothing, and the session stays its person's", async () => {
  await sample("other-1");
  await published("other-1", 3);
  const { page, url, close } = await openPage(laboratory, { signedOut: true });
  await page.goto(`${url}/review`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await signIn(page, laboratory, "bob");
  await row(page, "other-1").waitFor();
  // The person stays at the desk for an hour.
  const place = await page.evaluate(() => Object.keys(sessionStorage).find((name) => name.startsWith("oidc.user:")));
  const user = JSON.parse(await page.evaluate((name) => sessionStorage.getItem(name), place));
  const old = JSON.stringify({ ...user, access_token: await laboratory.stale(user.access_token) });
  await page.evaluate(([name, text]) => sessionStorage.setItem(name, text), [place, old]);
  await page.reload();
  await row(page, "other-1").click();
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Review: sign 1" }).click();
  const again = sheet.getByRole("button", { name: "Sign in, then sign" });
  const [opened] = await Promise.all([page.waitForEvent("popup"), again.click()]);
  await signIn(opened, laboratory, "alice");
  await sheet.getByText("Another person signed in.").waitFor();
  assert.equal((await signaturesOf("other-1")).length, 1);
  const [second] = await Promise.all([page.waitForEvent("popup"), again.click()]);
  assert.equal(await second.getByRole("radio", { name: /\(bob,/ }).isChecked(), true, "the provider knows who is asked");
  await second.close();
  await sheet.getByText("The sign-in was cancelled.").waitFor();
  const [third] = await Promise.all([page.waitForEvent("popup"), again.click()]);
  await signIn(third, laboratory, "bob");
  await sheet.getByText("1 signed").waitFor();
  assert.deepEqual((await signaturesOf("other-1")).map(({ by }) => by), ["alice", "bob"]);
  await close();
});

test("an expired session is renewed without the person, or ends", async () => {
  const { page, url, close } = await openPage(laboratory, { signedOut: true });
  await page.goto(`${url}/bench`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await signIn(page, laboratory, "bob");
  await page.getByRole("heading", { name: "Bench" }).waitFor();
  const expire = (changes) =>
    page.evaluate((more) => {
      const place = Object.keys(sessionStorage).find((name) => name.startsWith("oidc.user:"));
      const user = { ...JSON.parse(sessionStorage.getItem(place)), expires_at: 1, access_token: "old", ...more };
      sessionStorage.setItem(place, JSON.stringify(user));
    }, changes);
  await expire({});
  await page.reload();
  await page.getByRole("heading", { name: "Bench" }).waitFor();
  await page.getByRole("row").nth(1).waitFor();
  await expire({ refresh_token: undefined });
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to your laboratory" }).waitFor();
  await close();
});

test("a change of the data ends the signatures, and the dialog says so before and after", async () => {
  await sample("ends-1");
  const { page, complaints, url, close } = await openPage(laboratory, { token: laboratory.tokens.bob });
  await page.goto(`${url}/workflow/ends-1`);
  const next = page.getByRole("complementary");
  await next.getByText("signed version 2").waitFor();
  await page.keyboard.press("s");
  const sheet = page.getByRole("dialog", { name: "Sign ends-1" });
  await sheet.getByRole("button", { name: "Sign 1", exact: true }).and(page.locator(":enabled")).waitFor();
  await sheet.getByText("Review", { exact: true }).click();
  await sheet.getByRole("button", { name: "Review: sign 1" }).click();
  await sheet.getByText("1 signed").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("bob signed it").waitFor();
  await page.keyboard.press("d");
  const edit = page.getByRole("dialog", { name: "Edit ends-1" });
  await edit.getByRole("textbox", { name: "sample", exact: true }).fill("S-2");
  await edit.getByText("This change ends 2 signatures").waitFor();
  await edit.getByRole("button", { name: "Add a label" }).click();
  await edit.getByRole("textbox", { name: "Name of the label" }).fill("batch");
  await edit.getByRole("textbox", { name: "Value" }).last().fill("B-9");
  await edit.getByRole("textbox", { name: "Due" }).fill("2027-01-02T10:00");
  await edit.getByRole("textbox", { name: "Reason" }).fill("The label was wrong.");
  await noViolations(page, "edit labels");
  await edit.getByRole("button", { name: "Save version 5" }).click();
  await edit.waitFor({ state: "detached" });
  await next.getByText("no longer counts").nth(1).waitFor();
  await page.getByRole("list").getByText("no longer counts").nth(2).waitFor();
  const { labels, due_at: due } = await laboratory.api("sue", "GET", "/workflows/ends-1");
  assert.deepEqual([labels, due], [{ batch: "B-9", sample: "S-2" }, "2027-01-02T09:00:00.000Z"]);
  assert.deepEqual(complaints, []);
  await close();
});

for (const theme of ["light", "dark"]) {
  test(`the review has no violation that axe finds and never scrolls sideways, ${theme}`, async () => {
    await sample(`axe-${theme}`);
    await published(`axe-${theme}`, 3);
    const { page, complaints, url, close } = await openPage(laboratory, { theme, token: laboratory.tokens.bob, locale: theme === "dark" ? "de-DE" : "en-GB" });
    await page.goto(`${url}/review`);
    await row(page, `axe-${theme}`).click();
    await noViolations(page, `review, ${theme}`);
    await shot(page, `review-${theme}`);
    await page.keyboard.press("e");
    await page.getByRole("dialog").locator("details").waitFor();
    await noViolations(page, `signing, ${theme}`);
    await page.setViewportSize({ width: 640, height: 400 });
    await noSideways(page, `review, ${theme}`);
    assert.deepEqual(complaints, []);
    await close();
  });
}
