/** What is offered, and why something is not. */
import { expect, test } from "vitest";

import type { Caller, KeptSignature, State, Workflow } from "../../src/api/client";
import { permittedOf } from "../../src/api/permitted";
import type { Translate } from "../../src/i18n";
import { askedAt } from "../../src/pages/rules/asked";
import { worthATry } from "../../src/pages/workflow/worth";
import { offered } from "../../src/signing/signing";

const t: Translate = (key, values) => `${key} ${Object.values(values ?? {}).join()}`.trim();

function me(actions: string[], meanings: Caller["permitted_signatures"] = []): Caller {
  return { principal: "ann", tenant_id: "default", roles: ["analyst"], permitted_actions: actions, permitted_signatures: meanings, service_version: "0" };
}

function workflow(state: State, more: Partial<Workflow> = {}): Workflow {
  return { workflow_id: "w", current_state: state, ...more } as Workflow;
}

test("a move is offered when the policies may permit it, and before they said anything", () => {
  const analyst = permittedOf(me(["activateWorkflow", "pauseWorkflow"]));
  expect((["ACTIVE", "PAUSED", "COMPLETED", "CANCELLED"] as const).map(analyst.move)).toEqual([true, true, false, false]);
  expect(analyst.roles).toBe("analyst");
  expect(permittedOf(undefined).move("COMPLETED")).toBe(true);
});

test("who may neither edit nor sign reads why, and a quarantine permits neither", () => {
  expect(worthATry(workflow("ACTIVE"), me([]), t)).toEqual({ canEdit: false, canSign: false, why: ["denied.edit analyst", "denied.sign analyst"] });
  expect(worthATry(workflow("ACTIVE"), me(["amendWorkflow"], ["review"]), t)).toEqual({ canEdit: true, canSign: true, why: [] });
  expect(worthATry(workflow("ACTIVE", { quarantines: [] }), me(["amendWorkflow"], ["review"]), t)).toMatchObject({ canEdit: false, canSign: false });
});

test("a closed workflow takes remarks and signatures, and nothing is signed twice with one meaning", () => {
  expect(worthATry(workflow("COMPLETED"), me(["amendWorkflow"], ["review"]), t)).toMatchObject({ canEdit: true, canSign: true });
  const mine = { by: "ann", meaning: "review", current: true } as KeptSignature;
  expect(worthATry(workflow("ACTIVE", { signatures: [mine] }), me([], ["review"]), t)).toMatchObject({ canSign: false });
  expect(worthATry(workflow("ACTIVE", { signatures: [{ ...mine, current: false }] }), me([], ["review"]), t)).toMatchObject({ canSign: true });
  expect(worthATry(workflow("ACTIVE", { signatures: [mine] }), me([], ["review", "approval"]), t)).toMatchObject({ canSign: true });
});

test("authorship is offered last", () => {
  expect(offered(["authorship", "review", "approval"])).toEqual(["review", "approval", "authorship"]);
  expect(offered(["authorship"])).toEqual(["authorship"]);
});

test("a rule names the state from which it is asked, with all its moves", () => {
  expect(
    askedAt([
      { from_state: null, to_state: "CREATED" },
      { from_state: "ACTIVE", to_state: "COMPLETED" },
      { from_state: "ACTIVE", to_state: "CANCELLED" },
    ]),
  ).toEqual([
    { from: null, targets: ["CREATED"] },
    { from: "ACTIVE", targets: ["COMPLETED", "CANCELLED"] },
  ]);
});
