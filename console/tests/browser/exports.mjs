/** The service of this test makes exports as its contract says, at the pace that the test wants. */
export async function withExports(page, answers) {
  const asked = [];
  await page.route("**/me", async (route) => {
    const response = await route.fetch();
    const me = await response.json();
    return route.fulfill({ response, json: { ...me, permitted_actions: [...new Set([...me.permitted_actions, "exportRecords", "getExport"])] } });
  });
  await page.route("**/exports", (route) => {
    asked.push({ body: route.request().postDataJSON(), key: route.request().headers()["idempotency-key"] });
    return route.fulfill(answers.shift());
  });
  await page.route("**/exports/export-1", (route) => route.fulfill(answers.length > 1 ? answers.shift() : answers[0]));
  return asked;
}

export const made = {
  export_id: "export-1",
  status: "RUNNING",
  selection: { from: "2026-11-01T00:00:00.000Z", to: "2026-11-28T00:00:00.000Z" },
  requested_by: "sue",
  requested_at: "2026-11-29T08:00:00.000Z",
  entries: 0,
};
