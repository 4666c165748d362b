/** Operating, auditing and trying the rules, in a real browser against a running server. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openLaboratory, openPage } from "./laboratory.mjs";
import { noSideways, noViolations, shot } from "./looks.mjs";

let laboratory;

before(async () => {
  laboratory = await openLaboratory();
});
after(async () => {
  await laboratory?.close();
});

function create(id, metadata = {}) {
  const body = { workflow_id: id, workflow_type: "sample-analysis", metadata: { sample_id: id, ...metadata }, labels: { sample: id } };
  return laboratory.api("alice", "POST", "/workflows", body);
}

function move(id, target, more = {}) {
  return laboratory.api("alice", "POST", `/workflows/${id}/transitions`, { target_state: target, reason: "For the test.", ...more });
}

async function until(ask) {
  while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function quarantined(id) {
  await create(id);
  await move(id, "ACTIVE");
  await laboratory.alter(id, 1, { sample_id: "S-9999-9999" });
  await until(async () => {
    const { items } = await laboratory.api("sue", "GET", "/workflows?quarantined=true");
    return items.some((item) => item.workflow_id === id);
  });
}

async function failed(id) {
  await create(id);
  await move(id, "ACTIVE");
  await move(id, "FAILED", { failure: { code: "instrument-error", message: "The lamp is dark.", retryable: false } });
  await until(async () => {
    const { items } = await laboratory.api("sue", "GET", "/workflows?state=FAILED");
    return items.some((item) => item.workflow_id === id);
  });
}

const isIn = (page) => page.evaluate(() => document.querySelector("[role=dialog]")?.contains(document.activeElement) === true);

/** The keyboard is somewhere, also after everything came to rest. */
async function placed(page) {
  await page.waitForTimeout(400);
  assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY");
}

test("a quarantine is found, understood and released by keyboard", async () => {
  await quarantined("broken-1");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench`);
  await page.getByRole("heading", { name: "Bench" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Operate" }).waitFor();
  await page.getByRole("row", { name: /broken-1/ }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Release …" }).waitFor();
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Version 1: changed after it was written").waitFor();
  await sheet.getByText("Version 1 cannot be read. Version 2, the nearest that can, says").waitFor();
  await noViolations(page, "release");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await sheet.getByText("Say why. The record needs a reason.").waitFor();
  await sheet.getByRole("textbox", { name: "Reason" }).focus();
  await page.keyboard.type("Compared with the instrument's own record: the sample is broken-1.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await sheet.getByText("Released. The workflow can move again.").waitFor();
  await noViolations(page, "released");
  await page.keyboard.press("Enter");
  await page.getByText("No history is broken").waitFor();
  await placed(page);
  const { items } = await laboratory.api("sue", "GET", "/workflows/broken-1/history?include=quarantines");
  const release = items.find((entry) => entry.event_type === "WorkflowReleased");
  assert.equal(release.requested_by, "sue");
  assert.match(release.reason, /^Compared with/);
  await move("broken-1", "PAUSED");
  assert.deepEqual(complaints, []);
  await close();
});

test("many are recovered, each with its result, and their events are sent again", async () => {
  for (const id of ["failed-1", "failed-2"]) await failed(id);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/operate?list=failed`);
  await page.getByRole("row", { name: /failed-2/ }).waitFor();
  // Why they failed, and those of one code together.
  await page.getByRole("row", { name: /failed-2/ }).getByText("The lamp is dark.").waitFor();
  await page.getByRole("button", { name: "instrument-error: 2" }).click();
  await page.getByText("2 selected").waitFor();
  await page.locator("tbody tr").first().focus();
  await page.keyboard.press("Control+a");
  await page.getByText("2 selected").waitFor();
  await page.getByRole("button", { name: /Send events again/ }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Send the events of 2 workflows again" }).press("Enter");
  await sheet.getByRole("status").getByText("2 done").waitFor();
  assert.equal(await sheet.getByText("3 events sent").count(), 2);
  await page.keyboard.press("Enter");
  await sheet.waitFor({ state: "detached" });
  await page.keyboard.press("j");
  await page.keyboard.press("Control+a");
  await page.getByRole("button", { name: /^Recover/ }).waitFor();
  await page.keyboard.press("e");
  await sheet.getByRole("textbox", { name: "Reason" }).waitFor();
  assert.equal(await sheet.getByText("The lamp is dark.").count(), 2, "the dialog says why each failed");
  await page.keyboard.type("The lamp was changed.");
  await sheet.getByRole("button", { name: "Recover 2 workflows" }).press("Enter");
  await sheet.getByRole("status").getByText("2 done").waitFor();
  assert.equal(await sheet.getByRole("cell", { name: "recovered", exact: true }).count(), 2);
  await noViolations(page, "recovered");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing has failed").waitFor();
  await placed(page);
  assert.deepEqual(complaints, []);
  await close();
});

test("a change past the service is recovered before its release, from the page of the workflow", async () => {
  await quarantined("broken-2");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/broken-2`);
  await page.getByRole("button", { name: "Release …" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Start a recovery first").waitFor();
  await noViolations(page, "recover first");
  await shot(page, "release-changed");
  await sheet.getByRole("button", { name: "Start the recovery" }).click();
  await sheet.getByText("The recovery ended: quarantined.").waitFor();
  assert.equal(await isIn(page), true, "the keyboard stays in the dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("Compared with the paper record.");
  for (const box of await sheet.getByRole("checkbox", { checked: false }).all()) await box.press("Space");
  await sheet.getByRole("button", { name: /^Release \d break/ }).click();
  await sheet.getByText("Released. The workflow can move again.").waitFor();
  await page.keyboard.press("Enter");
  await sheet.waitFor({ state: "detached" });
  await placed(page);
  assert.deepEqual(complaints, []);
  await close();
});

/** The line of a list that begins so, and the instant in it. */
async function instantOf(section, begin) {
  return section.getByRole("listitem").filter({ hasText: begin }).locator("time").getAttribute("datetime");
}

test("operate says when the sweep ran, how much it looked at, and what is not recorded", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  const [swept, ended] = ["2026-11-28T12:00:00.000Z", "2026-11-27T09:00:00.000Z"];
  let sweep = {};
  await page.route("**/sweep", (route) => route.fulfill({ json: sweep }));
  await page.goto(`${url}/operate`);
  const machine = page.getByRole("region", { name: "Publisher and sweep" });
  await machine.getByText("It is not recorded when a sweep last ran.").waitFor();
  assert.equal(await machine.getByText("The whole log").count(), 0, "whether it was checked is not known either");
  // An earlier release recorded the round alone.
  sweep = { last_round_ended_at: ended };
  await page.reload();
  await machine.getByText("It is not recorded when a sweep last ran.").waitFor();
  assert.equal(await instantOf(machine, "The whole log was last checked"), ended);
  assert.equal(await machine.getByText("which workflows are open").count(), 0);
  sweep = { last_swept_at: swept, open_coverage_percent: 42, round_began_at: swept };
  await page.reload();
  await machine.getByText("It compared 42 % of the open workflows with the log; the next sweep continues.").waitFor();
  assert.equal(await instantOf(machine, "The last sweep ran"), swept);
  await machine.getByText("The whole log has not been checked yet.").waitFor();
  sweep = { last_swept_at: swept, open_coverage_percent: 100 };
  await page.reload();
  await machine.getByText("It compared all open workflows with the log.").waitFor();
  sweep = { last_swept_at: swept, last_round_ended_at: ended };
  await page.reload();
  await machine.getByText("It could not tell which workflows are open.").waitFor();
  await machine.getByRole("heading", { name: "Recoveries and quarantines of the last 24 hours" }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a supervisor sees the sweep, and nothing that the activity of all would say", async () => {
  // The server answers; what it says depends on how long it has run.
  await laboratory.api("bob", "GET", "/sweep");
  const { page, complaints, url, close } = await openPage(laboratory, { token: laboratory.tokens.bob });
  await page.route("**/sweep", (route) => route.fulfill({ json: { last_swept_at: "2026-11-28T12:00:00.000Z", open_coverage_percent: 100 } }));
  const looks = [];
  page.on("request", (request) => looks.push(new URL(request.url())));
  await page.goto(`${url}/operate`);
  const machine = page.getByRole("region", { name: "Sweep", exact: true });
  await machine.getByText("It compared all open workflows with the log.").waitFor();
  await page.getByRole("heading", { name: "Your last 24 hours" }).waitFor();
  assert.equal(await machine.getByRole("heading").count(), 1);
  assert.equal(looks.filter(({ searchParams }) => searchParams.get("order") === "updated").length, 0, "publishing is not asked for");
  await noViolations(page, "operate of a supervisor");
  assert.deepEqual(complaints, []);
  await close();
});

test("what has no answer says so in its place, and alarms nothing else", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  const json = { type: "urn:x", title: "Storage unavailable", status: 503, detail: "Later.", code: "storage-unavailable", request_id: "r" };
  await page.route(/\/(sweep|activity)/, (route) => route.fulfill({ status: 503, contentType: "application/problem+json", json }));
  await page.goto(`${url}/operate?list=recovering`);
  for (const text of ["The state of the sweep", "What happened in this time", "Whether everything is in the lists", "The recoveries"]) {
    await page.getByText(`${text} could not be read.`).waitFor();
  }
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("what was read once and then has no answer is not shown as if it were so now", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  let isDown = false;
  const json = { type: "urn:x", title: "Storage unavailable", status: 503, detail: "Later.", code: "storage-unavailable", request_id: "r" };
  await page.route(/\/(sweep|activity|counts)/, (route) =>
    isDown ? route.fulfill({ status: 503, contentType: "application/problem+json", json }) : route.fallback(),
  );
  await page.route("**/sweep", (route) =>
    isDown ? route.fallback() : route.fulfill({ json: { last_swept_at: "2026-11-28T12:00:00.000Z", open_coverage_percent: 100 } }),
  );
  await page.goto(`${url}/operate`);
  const machine = page.getByRole("region", { name: "Publisher and sweep" });
  const read = [
    machine.getByText(/everything is in the lists\.$|not in the lists as the log has/),
    machine.getByText("It compared all open workflows with the log."),
    machine.getByRole("heading", { name: "Recoveries and quarantines of the last 24 hours" }),
    page.getByRole("region", { name: "Last 24 hours" }).getByText(/versions? written$/),
    page.getByRole("region", { name: "Now" }).getByRole("table"),
  ];
  for (const each of read) await each.waitFor();
  isDown = true;
  // Past the time for which an answer counts as fresh, a visit asks again.
  await page.waitForTimeout(2500);
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await page.getByRole("heading", { name: "Bench" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  for (const text of ["The state of the sweep", "What happened in this time", "Whether everything is in the lists"]) {
    await page.getByText(`${text} could not be read.`).waitFor();
  }
  for (const each of read) await each.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Recoveries –" }).waitFor();
  isDown = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await read[4].waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a person who may not release is offered no release, and their numbers are their own", async () => {
  await quarantined("broken-3");
  const { page, url, close } = await openPage(laboratory, { token: laboratory.tokens.alice });
  await page.goto(`${url}/workflow/broken-3`);
  await page.getByText("In quarantine: the stored history is broken").waitFor();
  assert.equal(await page.getByRole("button", { name: "Release …" }).count(), 0);
  await page.goto(`${url}/operate`);
  await page.getByRole("heading", { name: "Your last 24 hours" }).waitFor();
  await page.getByRole("row", { name: /broken-3/ }).click();
  await page.getByText("Not for your roles (analyst)").waitFor();
  await close();
});

test("the page says at once, and once, that the service is down", async () => {
  const { page, url, close } = await openPage(laboratory);
  await page.goto(`${url}/rules`);
  await page.getByRole("heading", { name: "Rules", exact: true }).waitFor();
  await page.route(/\/(counts|workflows\?|activity)/, (route) => route.abort());
  const began = Date.now();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.locator(".operate").getByText("The service does not answer").waitFor();
  assert.equal(await page.getByText("The service does not answer").count(), 1);
  console.log(`# said after ${Date.now() - began} ms`);
  await close();
});

test("one that cannot be recovered says so, and stops no other", async () => {
  for (const id of ["stuck-1", "stuck-2"]) await failed(id);
  const { page, url, close } = await openPage(laboratory);
  await page.goto(`${url}/operate?list=failed`);
  await page.getByRole("row", { name: /stuck-2/ }).waitFor();
  await page.route("**/workflows/stuck-1/recovery", (route) => route.abort());
  await page.keyboard.press("j");
  await page.keyboard.press("Control+a");
  await page.getByRole("button", { name: /^Recover/ }).waitFor();
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The lamp was changed.");
  await sheet.getByRole("button", { name: "Recover 2 workflows" }).click();
  await sheet.getByText("The service does not answer").waitFor();
  await sheet.getByRole("cell", { name: "recovered", exact: true }).waitFor();
  // What needs a person comes first, also where it was not the first of the list.
  const counts = sheet.getByRole("status");
  for (const text of ["1 done", "1 not decided"]) await counts.getByText(text).waitFor();
  const rows = sheet.getByRole("row");
  assert.deepEqual(await rows.getByRole("link").allInnerTexts(), ["stuck-1", "stuck-2"]);
  await page.unroute("**/workflows/stuck-1/recovery");
  await sheet.getByRole("button", { name: "Repeat those not decided: 1" }).click();
  await sheet.getByRole("cell", { name: "recovered", exact: true }).nth(1).waitFor();
  await close();
});

test("the results of many and their repeat stay when the service stops, and the work goes on when it is back", async () => {
  const ids = [1, 2, 3, 4, 5, 6].map((at) => `gone-${at}`);
  for (const id of ids) await failed(id);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/operate?list=failed`);
  await page.getByRole("row", { name: /gone-1/ }).click();
  for (const id of ids.slice(1)) await page.getByRole("row", { name: new RegExp(id) }).click({ modifiers: ["Control"] });
  await page.getByText("6 selected").waitFor();
  await page.getByRole("button", { name: /^Recover/ }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The lamp is new.");
  let posts = 0;
  let isDown = false;
  const paths = /\/(workflows|counts|activity|sweep|me|events)(\/|\?|$)/;
  await page.route(paths, (route) => {
    if (route.request().method() === "POST") posts += 1;
    isDown ||= posts > 2;
    return isDown ? route.abort() : route.continue();
  });
  await sheet.getByRole("button", { name: "Recover 6 workflows" }).click();
  const repeat = sheet.getByRole("button", { name: /^Repeat those not decided: \d$/ });
  await repeat.waitFor();
  // The list behind fails for the last time after its retries.
  await page.locator(".operate").getByText("The service does not answer").first().waitFor({ state: "attached" });
  await page.waitForTimeout(5000);
  assert.equal(await sheet.isVisible(), true);
  for (const id of ids) await sheet.getByRole("link", { name: id, exact: true }).waitFor();
  await page.unroute(paths);
  await repeat.click();
  await sheet.getByRole("status").getByText("6 done").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a list that has no answer says so in its place, and can be asked for again", async () => {
  await failed("silent-1");
  const { page, complaints, url, close } = await openPage(laboratory);
  let tries = 0;
  await page.route(/\/workflows\?.*state=FAILED/, (route) => {
    tries += 1;
    return route.abort();
  });
  await page.goto(`${url}/operate?list=failed`);
  const lists = page.getByRole("region", { name: "What needs a person" });
  await lists.getByText("The service does not answer").waitFor();
  assert.equal(await page.getByText("The service does not answer").count(), 1);
  // It asks twice more by itself; then it is the person's turn.
  await until(() => tries === 3);
  await page.unroute(/\/workflows\?.*state=FAILED/);
  await lists.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row", { name: /silent-1/ }).waitFor();
  assert.equal(await page.getByText("The service does not answer").count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("a role that may look at nothing is not told that it may look", async () => {
  const token = await laboratory.token("eve", ["visitor"]);
  const { page, url, close } = await openPage(laboratory, { token });
  await page.goto(`${url}/operate`);
  await page.getByText("Forbidden").first().waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.getByText("Your roles let you look").count(), 0);
  await close();
});

test("equal refusals of many share a row, with a link to each workflow", async () => {
  for (const id of ["same-1", "same-2"]) await failed(id);
  const { page, url, close } = await openPage(laboratory);
  await page.goto(`${url}/operate?list=failed`);
  const json = { type: "urn:x", title: "Forbidden", status: 403, detail: "No policy permits it.", code: "forbidden", request_id: "r" };
  await page.route("**/replay", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", json }));
  for (const id of ["same-1", "same-2"]) await page.getByRole("row", { name: new RegExp(id) }).click();
  await page.getByRole("button", { name: /Send events again/ }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Send the events of 2 workflows again" }).press("Enter");
  const refused = sheet.getByRole("row", { name: /2 × Refused/ });
  for (const id of ["same-1", "same-2"]) await refused.getByRole("link", { name: id }).waitFor();
  assert.equal(await sheet.getByText("No policy permits it.").count(), 1);
  await sheet.getByRole("status").getByText("2 without success").waitFor();
  assert.equal(await sheet.getByRole("button", { name: /Repeat/ }).count(), 0, "a refusal is not asked for again");
  await noViolations(page, "equal refusals");
  await shot(page, "operate-refused");
  await close();
});

test("the audit is filtered by person and kind, in the address, and leads to the workflow", async () => {
  await create("audit-1");
  await move("audit-1", "COMPLETED").catch(() => undefined);
  await until(async () => {
    const { items } = await laboratory.api("sue", "GET", "/activity?kind=WorkflowTransitionRefused");
    return items.some((item) => item.workflow_id === "audit-1");
  });
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/audit`);
  await page.getByRole("link", { name: "audit-1" }).first().waitFor();
  await page.getByRole("combobox", { name: "Kind" }).selectOption({ label: "Refused" });
  await page.getByRole("combobox", { name: "User id" }).fill("alice");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/audit?principal=alice&kind=WorkflowTransitionRefused`);
  await page.getByRole("cell", { name: "alice was refused" }).first().waitFor();
  assert.equal(await page.getByRole("cell", { name: "Created", exact: true }).count(), 0);
  await page.getByRole("link", { name: "Last 7 days" }).click();
  await page.waitForURL(/period=week/);
  await page.getByRole("link", { name: "audit-1" }).first().click();
  await page.getByRole("heading", { name: "audit-1" }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("the audit goes from page to page by its cursor, with one span of time", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  const spans = new Set();
  await page.route("**/activity?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    spans.add(query.get("from"));
    const from = Number(query.get("cursor") ?? "0");
    const made = (at) => ({
      at: "2026-11-28T00:00:00.000Z",
      kind: "WorkflowOverdue",
      workflow_id: `late-${from + at}`,
      entry: { event_type: "WorkflowOverdue", event_id: `e${from + at}`, timestamp: "2026-11-28T00:00:00.000Z" },
    });
    const items = from === 100 ? [] : Array.from({ length: 100 }, (_, at) => made(at));
    return route.fulfill({ json: { items, ...(from < 200 && { next_cursor: String(from + 100) }) } });
  });
  await page.goto(`${url}/audit`);
  await page.getByRole("link", { name: "late-99", exact: true }).waitFor();
  await page.keyboard.press("]");
  await page.getByText("No entry on this page matches. More pages follow.").waitFor();
  await page.keyboard.press("]");
  await page.getByRole("link", { name: "late-299", exact: true }).waitFor();
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await page.getByRole("link", { name: "late-0", exact: true }).waitFor();
  assert.equal(spans.size, 1);
  assert.deepEqual(complaints, []);
  await close();
});

test("an analyst sees the own activity, and is offered nothing that the roles forbid", async () => {
  await failed("own-1");
  const { page, complaints, url, close } = await openPage(laboratory, { token: laboratory.tokens.alice });
  await page.goto(`${url}/audit`);
  await page.getByText("Your roles show you what you did yourself.").waitFor();
  await page.goto(`${url}/operate?list=failed`);
  await page.getByText("Your roles let you look").waitFor();
  await page.getByRole("row", { name: /own-1/ }).click();
  await page.getByText("1 selected").waitFor();
  assert.equal(await page.getByRole("button", { name: /Recover|Send events/ }).count(), 0);
  assert.deepEqual(complaints, []);
  await close();
});

test("the rules are read in words and tried on a workflow, and nothing is written", async () => {
  await create("rules-1");
  await move("rules-1", "ACTIVE");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/rules`);
  await page.getByText("Enter at least one result by name before completing, such as metadata.results.sodium_mmol_l.").waitFor();
  await page.getByRole("textbox", { name: "Workflow" }).fill("not an id");
  await page.keyboard.press("Enter");
  await page.getByText("Write the id of one workflow").waitFor();
  await page.getByRole("textbox", { name: "Workflow" }).fill("rules-1");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/rules?try=rules-1`);
  await page.getByText("The rules deny it").first().waitFor();
  await page.getByRole("textbox", { name: "Reason that the move would have" }).fill("Only looking.");
  await page.getByRole("button", { name: "Dry run: Pause" }).click();
  await page.getByText("The service would do this now. Nothing was written.").waitFor();
  await page.getByRole("button", { name: "Dry run: Complete" }).click();
  await page.getByRole("alert").waitFor();
  await shot(page, "rules-tried");
  assert.equal((await laboratory.api("sue", "GET", "/workflows/rules-1")).version, 2);
  assert.deepEqual(complaints, []);
  await close();
});

for (const theme of ["light", "dark"]) {
  test(`operate, audit and rules have no violation that axe finds, and none scrolls sideways, ${theme}`, async () => {
    await quarantined(`looks-${theme}`);
    for (const [width, height] of [[1280, 800], [640, 400], [820, 1180]]) {
      const { page, complaints, url, close } = await openPage(laboratory, { theme, width, height });
      for (const [at, text] of [
        ["operate", `looks-${theme}`],
        ["operate?list=recovering", "Recoveries"],
        ["audit", `looks-${theme}`],
        [`rules?try=looks-${theme}`, "It is in quarantine, so nothing moves."],
      ]) {
        await page.goto(`${url}/${at}`);

        await page.getByText(text).first().waitFor();
        await noSideways(page, `${at} at ${width}`);
        if (width === 1280) await noViolations(page, `${at}, ${theme}`);
        await shot(page, `${at.replace(/\?.*/, "")}-${theme}-${width}`);
      }
      assert.deepEqual(complaints, []);
      await close();
    }
  });
}

test("operate, audit and rules are German for a person who reads German", async () => {
  const { page, complaints, url, close } = await openPage(laboratory, { locale: "de-DE" });
  for (const [at, text] of [["operate", "Veröffentlichung und Rundgang"], ["audit", "Letzte 30 Tage"], ["rules", "Die Regeln an einem Vorgang probieren"]]) {
    await page.goto(`${url}/${at}`);
    await page.getByText(text).first().waitFor();
  }
  await page.route("**/sweep", (route) => route.fulfill({ json: { last_swept_at: "2026-11-28T12:00:00.000Z", open_coverage_percent: 42 } }));
  await page.goto(`${url}/operate`);
  const machine = page.getByRole("region", { name: "Veröffentlichung und Rundgang" });
  await machine.getByText(/^Letzter Rundgang: .+/).waitFor();
  await machine.getByText("Er verglich 42 % der offenen Vorgänge mit dem Protokoll; der nächste fährt dort fort.").waitFor();
  await machine.getByText("Das ganze Protokoll wurde noch nie vollständig geprüft.").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});
