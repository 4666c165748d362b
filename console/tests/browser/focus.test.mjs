/** Where the keyboard is: never lost in a dialog, never on what records something, and on the field that has an error. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { withExports } from "./exports.mjs";
import { openLaboratory, openPage } from "./laboratory.mjs";
import { noViolations, shot } from "./looks.mjs";

let laboratory;

before(async () => {
  laboratory = await openLaboratory();
});
after(async () => {
  await laboratory?.close();
});

async function sample(id, labels = {}, metadata = { results: { na: 140 } }) {
  await laboratory.api("alice", "POST", "/workflows", { workflow_id: id, workflow_type: "sample-analysis", metadata: { sample_id: id, ...metadata }, labels });
  await move(id, "ACTIVE");
}

function move(id, target, more = {}) {
  return laboratory.api("alice", "POST", `/workflows/${id}/transitions`, { target_state: target, reason: "For the test.", ...more });
}

async function listed(id) {
  for (;;) {
    const { items } = await laboratory.api("sue", "GET", "/workflows?limit=100");
    if (items.some((item) => item.workflow_id === id && item.current_state !== "CREATED")) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const versionOf = async (id) => (await laboratory.api("sue", "GET", `/workflows/${id}`)).version;
const refusalsOf = async (id) => {
  const { items } = await laboratory.api("sue", "GET", `/workflows/${id}/history?include=refusals`);
  return items.filter(({ event_type: type }) => type.endsWith("Refused")).length;
};

/** The focus is here, and its description says this. */
async function focused(locator, error) {
  await locator.and(locator.page().locator(":focus")).waitFor();
  if (error === undefined) return;
  const said = await locator.evaluate((field) => (field.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" "));
  assert.match(said, error);
}

const isLost = (page) => page.evaluate(() => document.querySelector("[role=dialog]")?.contains(document.activeElement) !== true);

test("a move without a reason puts the keyboard into the reason, and a look keeps it in the dialog", async () => {
  await sample("move-1");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/move-1`);
  await page.getByRole("button", { name: "Pause …" }).click();
  const sheet = page.getByRole("dialog");
  const reason = sheet.getByRole("textbox", { name: "Reason" });
  await focused(reason);
  await sheet.getByRole("button", { name: "Pause", exact: true }).click();
  await focused(reason, /Say why/);
  await sheet.getByRole("button", { name: "Check first" }).click();
  await focused(reason, /Say why/);
  await page.keyboard.type("Only looking.");
  await sheet.getByRole("button", { name: "Check first" }).press("Enter");
  await sheet.getByText("Nothing was written.").waitFor();
  await focused(sheet.getByRole("button", { name: "Check first" }));
  await page.keyboard.type("esd");
  await laboratory.api("alice", "PATCH", "/workflows/move-1", { reason: "A remark." });
  await sheet.getByRole("button", { name: "Pause", exact: true }).click();
  await sheet.getByText("It changed while you decided").waitFor();
  await focused(sheet.getByRole("alert"));
  await page.keyboard.type("esd");
  await sheet.getByRole("button", { name: "Decide again on version 3" }).press("Enter");
  await focused(sheet.getByRole("button", { name: "Check first" }));
  assert.equal(await page.getByRole("dialog").count(), 1);
  assert.equal(await versionOf("move-1"), 3);
  await noViolations(page, "move");
  assert.deepEqual(complaints, []);
  await close();
});

test("an edit begins in its first field, and its errors and looks keep the keyboard", async () => {
  await sample("edit-1");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/edit-1`);
  await page.getByRole("button", { name: "Edit", exact: true }).first().click();
  const sheet = page.getByRole("dialog");
  const first = sheet.getByRole("textbox").first();
  await focused(first);
  const save = sheet.getByRole("button", { name: "Save version 3" });
  await save.click();
  await focused(sheet.getByRole("textbox", { name: "Reason" }), /Say why/);
  await page.keyboard.type("Read again.");
  const na = sheet.getByRole("textbox", { name: "results › na" });
  await na.fill("many");
  await save.click();
  await focused(na, /must stay a number/);
  await na.fill("141");
  await sheet.getByRole("button", { name: "Add a value" }).click();
  await save.click();
  await focused(sheet.getByRole("textbox", { name: /^Name, such as/ }), /Write names with points/);
  await page.keyboard.type("results.k");
  await page.keyboard.press("Enter");
  await sheet.getByRole("button", { name: "Check first" }).press("Enter");
  await sheet.getByText("Nothing was written.").waitFor();
  await focused(sheet.getByRole("button", { name: "Check first" }));
  await page.keyboard.type("es");
  assert.equal(await page.getByRole("dialog").count(), 1);
  assert.equal(await versionOf("edit-1"), 2, "Enter in a field saves nothing");
  assert.deepEqual(complaints, []);
  await close();
});

test("keys typed while a dialog comes, stands or lost its element never act on the page behind it", async () => {
  await sample("keys-1");
  const { page, complaints, url, close } = await openPage(laboratory);
  // The dialog's code is slow to come: the keyboard is already its own.
  let send;
  const sent = new Promise((resolve) => {
    send = resolve;
  });
  await page.route("**/assets/MoveSheet-*.js", async (route) => {
    await sent;
    await route.continue();
  });
  await page.goto(`${url}/workflow/keys-1`);
  await page.getByRole("button", { name: "Pause …" }).waitFor();
  await page.keyboard.press("e");
  await page.keyboard.type("ds2");
  await page.keyboard.press("Enter");
  send();
  await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 1);
  assert.equal(new URL(page.url()).search, "");
  // Something takes the focus away from the dialog.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.type("ds2e");
  await page.keyboard.press("Enter");
  assert.equal(await page.getByRole("dialog").count(), 1);
  assert.equal(new URL(page.url()).search, "");
  // What went into the reason is a draft: Escape asks before it is lost, and a press outside too.
  const draft = page.getByRole("dialog").getByRole("textbox", { name: "Reason" });
  await draft.fill("Half a sentence");
  await page.keyboard.press("Escape");
  await focused(page.getByRole("button", { name: "Go on writing" }));
  await noViolations(page, "asks before a draft is lost");
  await page.keyboard.press("Enter");
  await focused(draft);
  await page.mouse.click(4, 400);
  await page.getByText("Throw away what you wrote?").waitFor();
  assert.equal(await draft.inputValue(), "Half a sentence");
  await page.getByRole("button", { name: "Throw it away" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  // `s` and Enter, pressed or held, sign nothing.
  await page.keyboard.press("s");
  const sheet = page.getByRole("dialog", { name: "Sign keys-1" });
  await sheet.getByRole("button", { name: "Sign 1", exact: true }).and(page.locator(":enabled")).waitFor();
  assert.equal(await sheet.getByRole("radio", { checked: true }).count(), 0, "no meaning is chosen for the person");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Space");
  assert.equal(await sheet.getByRole("radio", { checked: true }).count(), 0, "a key that comes late chooses nothing");
  await sheet.getByRole("button", { name: "Sign 1", exact: true }).click();
  await focused(sheet.getByRole("radio").first());
  await sheet.getByText("Choose what your signature means.").waitFor();
  await noViolations(page, "sign without a meaning");
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  const act = sheet.getByRole("button", { name: /: sign 1$/ });
  await act.focus();
  await act.dispatchEvent("keydown", { key: "Enter", repeat: true });
  assert.equal(
    await act.evaluate((button) => button.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", repeat: true, bubbles: true, cancelable: true }))),
    false,
    "a held key presses nothing",
  );
  assert.deepEqual([await versionOf("keys-1"), await refusalsOf("keys-1")], [2, 0]);
  assert.deepEqual(complaints, []);
  await close();
});

for (const [locale, { many, denied, choose, reason: name, move: act, check, results, possible, fails, code, lacks }] of Object.entries({
  "en-GB": { many: "possible for 10 of 10", denied: "Not for your roles (analyst)", choose: "Choose what to do.", missing: /Say why/, reason: "Reason", move: "Move", check: "Check first", results: "Results", possible: "Pause", fails: "Report a failure", code: /^Failure code/, lacks: /Name the failure/ },
  "de-DE": { many: "möglich für 10 von 10", denied: "Nicht für Ihre Rollen (analyst)", choose: "Wählen Sie, was geschehen soll.", missing: /Sagen Sie, warum/, reason: "Grund", move: "Ausführen", check: "Erst prüfen", results: "Ergebnisse", possible: "Anhalten", fails: "Fehler melden", code: /^Fehlercode/, lacks: /Nennen Sie den Fehler/ },
})) {
  test(`of many nothing is chosen for the person, least of all an end, ${locale}`, async () => {
    const batch = locale.slice(0, 2);
    for (let index = 0; index < 10; index += 1) await sample(`${batch}-${index}`, { batch });
    for (let index = 0; index < 10; index += 1) await listed(`${batch}-${index}`);
    const { page, complaints, url, close } = await openPage(laboratory, { token: laboratory.tokens.alice, locale });
    await page.goto(`${url}/bench?label=batch:${batch}&state=ACTIVE`);
    await page.getByRole("row").nth(10).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("e");
    const sheet = page.getByRole("dialog");
    const reason = sheet.getByRole("textbox", { name });
    await focused(reason);
    await sheet.getByText(many).first().waitFor();
    // An analyst may neither complete nor cancel: the dialog says so before anything is pressed.
    assert.equal(await sheet.getByText(many).count(), 2);
    assert.equal(await sheet.getByText(denied).count(), 2);
    assert.equal(await sheet.getByRole("radio", { disabled: true }).count(), 2);
    assert.equal(await sheet.getByRole("radio", { checked: true }).count(), 0);
    await shot(page, `focus-batch-${batch}`);
    await page.keyboard.type("The batch.");
    await sheet.getByRole("button", { name: act, exact: true }).click();
    await sheet.getByText(choose).waitFor();
    await focused(sheet.getByRole("radio", { disabled: false }).first());
    await noViolations(page, `nothing chosen, ${locale}`);
    await shot(page, `focus-batch-missing-${batch}`);
    // A failure needs its code.
    await sheet.getByText(fails, { exact: true }).click();
    await sheet.getByRole("button", { name: check }).press("Enter");
    const field = sheet.getByRole("combobox", { name: code });
    await focused(field, lacks);
    await sheet.getByText(/Give a known failure\.code: instrument-error/).waitFor();
    const suggested = await field.evaluate((input) => [...input.list.options].map((option) => option.value));
    assert.ok(suggested.includes("instrument-error") && suggested.includes("power-loss"), `${suggested}`);
    await sheet.getByText(possible, { exact: true }).click();
    await sheet.getByRole("button", { name: check }).press("Enter");
    await focused(sheet.getByRole("status", { name: results }));
    assert.equal(await isLost(page), false);
    assert.equal(await versionOf(`${batch}-0`), 2);
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("recover, replay, review and an export put the keyboard where an error is, and none on what records", async () => {
  await sample("failed-1");
  await move("failed-1", "FAILED", { failure: { code: "instrument-error", message: "It is dark.", retryable: true } });
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/operate?list=failed`);
  await page.getByRole("row", { name: /failed-1/ }).click();
  const sheet = page.getByRole("dialog");
  await page.getByRole("button", { name: /Send events again/ }).click();
  await focused(sheet.getByRole("button", { name: "Back" }));
  await page.keyboard.press("Enter");
  await sheet.waitFor({ state: "detached" });
  await page.getByRole("row", { name: /failed-1/ }).click();
  await page.getByRole("button", { name: /^Recover/ }).click();
  const reason = sheet.getByRole("textbox", { name: "Reason" });
  await focused(reason);
  await sheet.getByRole("button", { name: /^Recover/ }).click();
  await focused(reason, /Say why/);
  await page.keyboard.press("Escape");
  await page.goto(`${url}/audit?period=day`);
  await page.getByRole("button", { name: /review/i }).last().click();
  const finding = sheet.getByRole("textbox");
  await finding.waitFor();
  await sheet.getByRole("button").last().click();
  await focused(finding, /./);
  await withExports(page, []);
  await page.goto(`${url}/audit/exports?period=day`);
  await page.getByRole("radio", { name: /workflow/i }).check();
  await page.getByRole("button", { name: "Make the export" }).click();
  await focused(page.getByRole("textbox", { name: "Workflow" }), /./);
  assert.deepEqual(complaints, []);
  await close();
});

test("a label that has no room ends with an ellipsis and is whole under the keyboard and the mouse", async () => {
  const long = "a-label-that-says-very-much-about-where-the-sample-comes-from";
  await sample("labels-1", { origin: long, batch: "B-2026-0042" });
  await listed("labels-1");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench`);
  const row = page.locator('tbody [data-key="labels-1"]');
  await row.waitFor();
  const cell = row.locator(".col-labels");
  const widths = await page.evaluate(() => [...document.querySelectorAll("thead .col-labels, thead .col-time")].map((each) => each.getBoundingClientRect().width));
  assert.ok(widths.slice(1).every((each) => each < widths[0]), `${widths}`);
  const looks = () => cell.evaluate((each) => {
    const { overflow, textOverflow } = getComputedStyle(each);
    const labels = each.querySelector(".row-labels");
    // A line of text is cut with an ellipsis; a box is cut in a letter.
    return { overflow, textOverflow, display: getComputedStyle(labels).display, title: labels.title };
  });
  assert.deepEqual(await looks(), { overflow: "hidden", textOverflow: "ellipsis", display: "inline", title: (await looks()).title });
  assert.match((await looks()).title, new RegExp(long));
  await shot(page, "focus-labels");
  const seen = () => cell.evaluate((each) => {
    const box = each.querySelector(".row-labels").getBoundingClientRect();
    const at = document.elementFromPoint(box.right - 6, box.top + box.height / 2);
    return each.contains(at);
  });
  for (;;) {
    await page.keyboard.press("j");
    if (await row.evaluate((each) => each === document.activeElement)) break;
  }
  assert.equal(await seen(), true, "under the keyboard");
  await shot(page, "focus-labels-keyboard");
  await page.getByRole("heading", { name: "Bench" }).click();
  await cell.hover();
  assert.equal(await seen(), true, "under the mouse");
  await noViolations(page, "labels");
  assert.deepEqual(complaints, []);
  await close();
});

test("the signatures stand within their card", async () => {
  await sample("signed-1");
  await laboratory.sign("alice", "signed-1", "authorship");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/signed-1`);
  const card = page.locator(".next .manifests");
  await card.waitFor();
  const room = await card.evaluate((each) => each.getBoundingClientRect().bottom - each.querySelector("li:last-child").getBoundingClientRect().bottom);
  assert.ok(room >= 8, `${room}`);
  await shot(page, "focus-signatures");
  assert.deepEqual(complaints, []);
  await close();
});
