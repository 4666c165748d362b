/** Each page's main job, in a real browser against a running server. */
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

/** An active sample of this batch, with results or without. */
async function sample(id, batch, metadata) {
  await laboratory.api("alice", "POST", "/workflows", {
    workflow_id: id,
    workflow_type: "sample-analysis",
    metadata: { sample_id: id, ...metadata },
    labels: { batch, sample: id },
    assignee: "alice",
  });
  await move(id, "ACTIVE");
}

function move(id, target, who = "alice") {
  return laboratory.api(who, "POST", `/workflows/${id}/transitions`, { target_state: target, reason: "For the test." });
}

/** The index shows it: what was published is what the bench lists. */
async function listed(batch, count) {
  for (;;) {
    const { items } = await laboratory.api("sue", "GET", `/workflows?label=batch:${batch}&state=ACTIVE`);
    if (items.length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function row(page, id) {
  return page.locator(`tbody [data-key="${id}"]`);
}

test("ten samples are moved by keyboard, and two refusals are understood", async () => {
  for (let index = 0; index < 10; index += 1) {
    await sample(`ten-${index}`, "TEN", { results: { na: 140 } });
    await laboratory.sign("alice", `ten-${index}`, "authorship");
    await laboratory.sign("bob", `ten-${index}`, "review");
  }
  for (const id of ["ten-a", "ten-b"]) await sample(id, "TEN", {});
  await listed("TEN", 12);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench?label=batch:TEN`);
  await page.getByRole("row", { name: /ten-0/ }).waitFor();
  assert.equal(await page.getByRole("row").count(), 13);
  const began = Date.now();
  await page.keyboard.press("j");
  for (let index = 0; index < 11; index += 1) {
    await page.keyboard.press("x");
    await page.keyboard.press("j");
  }
  await page.keyboard.press("x");
  await page.getByText("12 selected", { exact: true }).waitFor();
  await shot(page, "bench-selected");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).waitFor();
  await page.keyboard.type("The batch is reviewed.");
  await page.keyboard.press("Shift+Tab");
  const complete = sheet.getByRole("radio", { name: /Complete/ });
  assert.equal(await complete.isChecked(), false, "nothing is chosen for the person");
  await complete.press("Space");
  assert.equal(await complete.isChecked(), true);
  await sheet.getByRole("button", { name: /^Complete/ }).press("Enter");
  await sheet.getByText("10 moved").waitFor();
  console.log(`# ten moves, from the first key to the answer: ${Date.now() - began} ms`);
  await sheet.getByText("2 refused").waitFor();
  // The same sentence stands there once, with those that it concerns.
  assert.equal(await sheet.getByText("Enter at least one result by name before completing, such as metadata.results.sodium_mmol_l.").count(), 1);
  const refused = sheet.getByRole("row", { name: /2 × Refused/ });
  for (const id of ["ten-a", "ten-b"]) await refused.getByRole("link", { name: id }).waitFor();
  await noViolations(page, "results");
  await shot(page, "bench-results");
  await page.keyboard.press("Enter");
  await page.getByText("2 selected", { exact: true }).waitFor();
  await page.locator("tbody").getByText("Completed").nth(9).waitFor();
  assert.equal(await page.locator("tbody").getByText("Completed").count(), 10);
  assert.deepEqual(complaints, []);
  await close();
});

test("a row changes when the server says so", async () => {
  await sample("live-1", "LIVE", {});
  await listed("LIVE", 1);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench?label=batch:LIVE`);
  await row(page, "live-1").getByText("Active").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await move("live-1", "PAUSED");
  await row(page, "live-1").getByText("Paused").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a conflict loses nothing: it shows what changed, and the person decides again", async () => {
  await sample("conflict-1", "CONFLICT", {});
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/conflict-1`);
  await page.getByRole("button", { name: "Pause …" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The reagent is missing.");
  await laboratory.api("alice", "PATCH", "/workflows/conflict-1", { metadata: { note: "new" }, reason: "A note." });
  await sheet.getByRole("button", { name: "Pause", exact: true }).click();
  await sheet.getByText("It changed while you decided").waitFor();
  await sheet.getByText("alice changed its data").waitFor();
  await shot(page, "workflow-conflict");
  assert.equal(await sheet.getByRole("textbox", { name: "Reason" }).inputValue(), "The reagent is missing.");
  await noViolations(page, "conflict");
  await sheet.getByRole("button", { name: "Decide again on version 3" }).click();
  await sheet.getByRole("button", { name: "Pause", exact: true }).click();
  await sheet.waitFor({ state: "detached" });
  await page.getByText("sue moved it to").waitFor();
  await page.getByRole("status").getByText("Paused").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("an edit changes what the person changed, and keeps what a colleague wrote meanwhile", async () => {
  await sample("edit-1", "EDIT", { results: { na: 140 } });
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/edit-1?tab=data`);
  await page.getByRole("button", { name: "Edit", exact: true }).first().click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "results › na" }).fill("141");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("Read again.");
  await laboratory.api("alice", "PATCH", "/workflows/edit-1", { metadata: { results: { k: 4.1 } }, reason: "Potassium." });
  await sheet.getByRole("button", { name: "Save version 3" }).click();
  await sheet.getByRole("button", { name: "Decide again on version 3" }).click();
  await noViolations(page, "edit");
  await sheet.getByRole("button", { name: "Save version 4" }).click();
  await sheet.waitFor({ state: "detached" });
  // What changed is shown in names and values, and when, exactly and in words.
  const entry = page.locator(".entry").first();
  await page.getByRole("tab", { name: "Timeline" }).click();
  await entry.getByText("sue changed its data").waitFor();
  assert.doesNotMatch(await entry.innerText(), /[{}]/);
  assert.match(await entry.locator("time").innerText(), /\d{2}:\d{2}:\d{2}.* · (now|\d+ )/);
  const { metadata } = await laboratory.api("sue", "GET", "/workflows/edit-1");
  assert.deepEqual(metadata.results, { na: 141, k: 4.1 });
  assert.deepEqual(complaints, []);
  await close();
});

test("why not is said before anything is tried, and a look before a move writes nothing", async () => {
  await sample("why-1", "WHY", {});
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/why-1`);
  const next = page.getByRole("complementary", { name: "What may happen next" });
  await next.getByText("Enter at least one result by name before completing, such as metadata.results.sodium_mmol_l.").waitFor();
  await next.getByRole("button", { name: "Pause …" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("textbox", { name: "Reason" }).fill("Only looking.");
  await sheet.getByRole("button", { name: "Check first" }).click();
  await sheet.getByText("Nothing was written.").waitFor();
  assert.equal((await laboratory.api("sue", "GET", "/workflows/why-1")).version, 2);
  await page.keyboard.press("Escape");
  await sheet.getByText("Throw away what you wrote?").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a lost connection says so, loses nothing, and the repeated request takes effect once", async () => {
  await sample("lost-1", "LOST", {});
  await listed("LOST", 1);
  const { page, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench?label=batch:LOST`);
  await page.getByRole("row", { name: /lost-1/ }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Pause", { exact: true }).click();
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The centrifuge stands still.");
  laboratory.origin.lose();
  await sheet.getByRole("button", { name: /^Pause/ }).click();
  await sheet.getByText("The service does not answer").waitFor();
  laboratory.origin.find();
  await sheet.getByRole("button", { name: /^Pause/ }).click();
  await sheet.getByText("1 moved").waitFor();
  assert.equal((await laboratory.api("sue", "GET", "/workflows/lost-1")).version, 3);
  await close();
});

test("a repeat for some adds to the results of all, also when it has no answer, and leaves selected what needs a person", async () => {
  const ids = Array.from({ length: 9 }, (_, at) => `part-${at}`);
  for (const id of ids) await sample(id, "PART", {});
  await listed("PART", 9);
  const { page, complaints, url, close } = await openPage(laboratory);
  let asked = 0;
  const json = (code, status, more) => ({ type: `urn:alims:problem:${code}`, title: code, status, detail: "Not now.", code, request_id: "r", ...more });
  await page.route("**/transitions", async (route) => {
    asked += 1;
    if (asked === 2) return route.abort();
    if (asked !== 1) return route.continue();
    const answer = await (await route.fetch()).json();
    const results = answer.results.map((result) => {
      const at = ids.indexOf(result.workflow_id);
      const { workflow_id } = result;
      if (at < 3) return { workflow_id, outcome: "failed", status: 503, problem: json("storage-unavailable", 503) };
      return at < 5 ? { workflow_id, outcome: "refused", status: 403, problem: json("forbidden", 403) } : result;
    });
    return route.fulfill({ json: { ...answer, results } });
  });
  await page.goto(`${url}/bench?label=batch:PART`);
  await page.getByRole("row", { name: /part-8/ }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  await sheet.getByText("Pause", { exact: true }).click();
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The centrifuge stands still.");
  await sheet.getByRole("button", { name: /^Pause/ }).click();
  const counts = sheet.getByRole("status", { name: "Results" });
  const counted = async (...texts) => {
    for (const text of texts) await counts.getByText(text, { exact: true }).waitFor();
    await sheet.getByRole("heading", { name: "Move 9 workflows" }).waitFor();
  };
  await counted("4 moved", "2 refused", "3 not decided");
  await sheet.getByRole("button", { name: "Repeat for 3" }).click();
  await sheet.getByText("The answer was lost.").waitFor();
  await counted("4 moved", "2 refused", "3 not decided");
  await noViolations(page, "a repeat without an answer");
  await sheet.getByRole("button", { name: "Repeat for 3" }).press("Enter");
  await counted("7 moved", "2 refused");
  assert.equal(await counts.getByText("not decided").count(), 0);
  // The keyboard is on what ends it.
  await page.keyboard.press("Enter");
  await sheet.waitFor({ state: "detached" });
  await page.getByText("2 selected", { exact: true }).waitFor();
  // The requests of one decision had one name: each move took effect once.
  for (const id of ids.slice(0, 3)) assert.equal((await laboratory.api("sue", "GET", `/workflows/${id}`)).version, 3);
  assert.deepEqual(complaints, []);
  await close();
});

test("a typed reason is not lost without a question after a look", async () => {
  await sample("look-1", "LOOK", {});
  await listed("LOOK", 1);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench?label=batch:LOOK`);
  await page.getByRole("row", { name: /look-1/ }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("e");
  const sheet = page.getByRole("dialog");
  const asks = sheet.getByText("Throw away what you wrote?");
  const stays = async () => {
    await page.keyboard.press("Escape");
    await asks.waitFor();
    await sheet.getByRole("button", { name: "Go on writing" }).click();
    await asks.waitFor({ state: "detached" });
  };
  await sheet.getByText("Pause", { exact: true }).click();
  await sheet.getByRole("textbox", { name: "Reason" }).fill("The centrifuge stands still.");
  await sheet.getByRole("button", { name: "Check first" }).click();
  await sheet.getByText("1 would move").waitFor();
  await stays();
  await sheet.getByRole("button", { name: "Change the decision" }).click();
  assert.equal(await sheet.getByRole("textbox", { name: "Reason" }).inputValue(), "The centrifuge stands still.");
  await stays();
  await sheet.getByRole("button", { name: /^Pause/ }).click();
  await sheet.getByText("1 moved").waitFor();
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
  await close();
});

test("an ended session leaves the page as it is, and offers to sign in again", async () => {
  const expired = await laboratory.token("sue", ["supervisor"], -60);
  const { page, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench`);
  await page.getByRole("row").nth(1).waitFor();
  await page.evaluate((token) => sessionStorage.setItem("alims.token", token), expired);
  await page.getByRole("link", { name: "Overdue", exact: true }).click();
  await page.getByText("Your session has ended").waitFor();
  assert.equal(await page.getByRole("heading", { name: "Bench" }).count(), 1);
  await page.getByRole("button", { name: "Sign in again" }).waitFor();
  await close();
});

test("a closed workflow takes a remark in place of an edit", async () => {
  await sample("closed-1", "CLOSED", {});
  await move("closed-1", "CANCELLED", "sue");
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/workflow/closed-1`);
  await page.getByText("No more moves: the workflow is closed.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Edit" }).count(), 0);
  await page.getByRole("button", { name: "Add a remark" }).click();
  const sheet = page.getByRole("dialog", { name: "Add a remark to closed-1" });
  await sheet.getByRole("textbox", { name: "Remark" }).and(page.locator(":focus")).waitFor();
  assert.equal(await sheet.getByRole("textbox").count(), 1);
  await page.keyboard.type("The tube broke.");
  await sheet.getByRole("button", { name: /^Save version/ }).click();
  await sheet.waitFor({ state: "detached" });
  await page.getByText("The tube broke.").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a part of an id is found, and what was never seen is not chosen", async () => {
  await sample("part-of-0815", "PART", {});
  await listed("PART", 1);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench?label=batch:PART`);
  await row(page, "part-of-0815").waitFor();
  await page.keyboard.press("/");
  await page.locator("#search:focus").waitFor();
  await page.keyboard.type("0815");
  await page.getByRole("option", { name: "Open workflow part-of-0815" }).waitFor();
  await page.getByRole("option").last().getByText("exactly this").waitFor();
  await shot(page, "search-parts");
  await page.locator("#search").fill("nowhere");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  assert.match(page.url(), /batch:PART/, "Enter leads nowhere");
  assert.deepEqual(complaints, []);
  await close();
});

test("the search finds a sample by its label, and the filters live in the address", async () => {
  await sample("find-1", "FIND", {});
  await listed("FIND", 1);
  const { page, complaints, url, close } = await openPage(laboratory);
  await page.goto(`${url}/bench`);
  await page.getByRole("row").nth(1).waitFor();
  await page.keyboard.press("/");
  await page.locator("#search:focus").waitFor();
  await page.keyboard.type("batch:FIND");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${url}/bench?label=batch:FIND`);
  await page.reload();
  await page.getByRole("row", { name: /find-1/ }).waitFor();
  assert.equal(await page.getByRole("row").count(), 2);
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await page.waitForURL(`${url}/bench`);
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Act on the selection").waitFor();
  await noViolations(page, "keys");
  assert.deepEqual(complaints, []);
  await close();
});

for (const theme of ["light", "dark"]) {
  test(`the pages have no violation that axe finds, ${theme}`, async () => {
    await sample(`axe-${theme}`, "AXE", { results: { na: 1, list: [1, { a: null }] } });
    const { page, complaints, url, close } = await openPage(laboratory, { theme });
    await page.goto(`${url}/bench`);
    await page.getByRole("row").nth(1).waitFor();
    await noViolations(page, `bench, ${theme}`);
    await shot(page, `bench-${theme}`);
    for (const tab of ["timeline", "data", "events"]) {
      await page.goto(`${url}/workflow/axe-${theme}?tab=${tab}`);
      await page.getByText(`alice`).first().waitFor();
      await noViolations(page, `workflow, ${tab}, ${theme}`);
      await shot(page, `workflow-${tab}-${theme}`);
    }
    await page.goto(`${url}/bench`);
    await page.getByRole("button", { name: /You, and how you like it/ }).click();
    await page.getByRole("dialog").waitFor();
    // A popover's buttons for screen readers stand outside every landmark.
    await noViolations(page, `person, ${theme}`, ".person-card");
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("at 200 % of zoom and on a tablet no page scrolls sideways", async () => {
  await sample("narrow-1", "NARROW", { results: { na: 140 } });
  await listed("NARROW", 1);
  for (const [width, height] of [[640, 400], [500, 800], [820, 1180]]) {
    const { page, url, close } = await openPage(laboratory, { width, height });
    for (const at of ["/bench", "/workflow/narrow-1", "/workflow/narrow-1?tab=events"]) {
      await page.goto(url + at);
      await page.getByText("narrow-1").first().waitFor();
      await noSideways(page, `${at} at ${width}`);
      if (at === "/bench") {
        // The middle of what a narrow window shows of a row is its link.
        await row(page, "narrow-1").focus();
        await page.keyboard.press("x");
        const bar = page.getByRole("toolbar");
        await shot(page, `narrow-${width}-selected`);
        await bar.waitFor();
        // What can be done is in sight without a scroll, and nothing hidden makes the page wider.
        assert.equal(await bar.evaluate((each) => each.getBoundingClientRect().bottom <= window.innerHeight), true, `${width}`);
        await noSideways(page, `selected at ${width}`);
      }
      await shot(page, `narrow-${width}${at.replaceAll("/", "-")}`);
    }
    await close();
  }
});

test("ten thousand rows are walked page by page, each shown once", async () => {
  const { page, complaints, url, close } = await openPage(laboratory);
  const made = (index) => ({
    workflow_id: `row-${String(index).padStart(5, "0")}`,
    workflow_type: "sample-analysis",
    current_state: ["CREATED", "ACTIVE", "PAUSED"][index % 3],
    published_version: 1,
    created_at: "2026-11-28T00:00:00.000Z",
    updated_at: "2026-11-28T00:00:00.000Z",
    created_by: "alice",
    labels: { sample: `S-${index}`, batch: `B-${index % 90}` },
  });
  await page.route("**/workflows?*", (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? "0");
    const items = Array.from({ length: 100 }, (_, at) => made(from + at));
    const next = from + 100 < 10_000 ? { next_cursor: String(from + 100) } : {};
    return route.fulfill({ json: { items, ...next } });
  });
  await page.goto(`${url}/bench`);
  await page.getByRole("row", { name: /row-00000/ }).waitFor();
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
    }).observe({ entryTypes: ["longtask"] });
  });
  const seen = new Set();
  for (let from = 0; from < 10_000; from += 100) {
    await row(page, `row-${String(from).padStart(5, "0")}`).waitFor();
    for (const id of await page.locator("tbody tr").evaluateAll((rows) => rows.map((each) => each.dataset.key))) {
      assert.equal(seen.has(id), false, id);
      seen.add(id);
    }
    await page.keyboard.press("]");
  }
  assert.equal(seen.size, 10_000);
  console.log(`# longest task of the walk: ${await page.evaluate(() => Math.round(window.longest))} ms`);
  assert.deepEqual(complaints, []);
  await close();
});

test("everything is German for a person who reads German", async () => {
  await sample("german-1", "GERMAN", {});
  const { page, complaints, url, close } = await openPage(laboratory, { locale: "de-DE" });
  await page.goto(`${url}/bench`);
  await page.getByRole("heading", { name: "Arbeitsplatz" }).waitFor();
  assert.equal(await page.getAttribute("html", "lang"), "de");
  await page.goto(`${url}/workflow/german-1`);
  await page.getByText("Nächste Schritte").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});
