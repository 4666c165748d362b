/** Deciding on many: what, why, a look before, and a result for each. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type State, newKey } from "../../api/client";
import { useClient } from "../../api/context";
import { TARGETS, moveName, onlyTarget } from "../../api/lifecycle";
import { usePermitted } from "../../api/permitted";
import { asProblem } from "../../api/problem";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { DecisionForm, type Draft, failureOf } from "../../parts/DecisionForm";
import { ProblemNote } from "../../parts/ProblemNote";
import { Sheet } from "../../parts/Sheet";
import { Results } from "./Results";
import { type Item, type Result, asItNowIs, kindOf, move, sorted } from "./act";

interface Props {
  items: readonly Item[];
  /** Chosen where the dialog was asked for. */
  target?: State | undefined;
  /** With the workflows that were not moved, when something was asked. */
  onClose: (stillSelected?: string[]) => void;
}

type Step = { is: "decide" } | { is: "busy" } | { is: "results"; results: Result[]; dryRun: boolean };

export default function ActSheet({ items: first, target: wanted, onClose }: Props) {
  const t = useT();
  const client = useClient();
  const queries = useQueryClient();
  const [items, setItems] = useState(first);
  const permitted = usePermitted(client);
  const offers = TARGETS.filter((target) => sorted(items, target).can.length > 0);
  const [draft, setDraft] = useState<Draft>({ target: wanted ?? onlyTarget(offers.filter(permitted.move)), reason: "" });
  const [step, setStep] = useState<Step>({ is: "decide" });
  const [failure, setFailure] = useState<unknown>();
  // One request has one key, however often it is repeated.
  const [key, setKey] = useState(newKey);
  const [asked, setAsked] = useState(false);
  const { target } = draft;
  const { can, cannot } = target === undefined ? { can: [], cannot: [] } : sorted(items, target);
  const change = (next: Draft) => {
    setDraft(next);
    setKey(newKey());
  };
  const ask = async (which: readonly Item[], dryRun: boolean) => {
    if (target === undefined) return;
    setStep({ is: "busy" });
    setFailure(undefined);
    try {
      const failed = failureOf(draft);
      const decision = { target, reason: draft.reason.trim(), ...(failed && { failure: failed }) };
      const { results } = await move(client, which, decision, key, dryRun);
      setStep({ is: "results", results, dryRun });
      if (!dryRun) {
        setAsked(true);
        void queries.invalidateQueries({ queryKey: keys.lists });
        void queries.invalidateQueries({ queryKey: keys.counts });
      }
    } catch (error) {
      setFailure(error);
      setStep({ is: "decide" });
    }
  };
  const decideAgain = (changed: readonly Item[]) => {
    setItems(changed);
    setKey(newKey());
    setStep({ is: "decide" });
  };
  const close = () => {
    if (!asked || step.is !== "results") return onClose();
    onClose(step.results.filter((result) => kindOf(result) !== "moved").map((result) => result.workflow_id));
  };
  const isLost = failure !== undefined && asProblem(failure).code === "unreachable";
  return (
    <Sheet
      title={t("act.title", { count: items.length })}
      isOpen
      onClose={close}
      size="wide"
      dismissable={step.is !== "busy"}
    >
      {step.is === "results" && target !== undefined ? (
        <Results
          results={step.results}
          target={target}
          dryRun={step.dryRun}
          onBack={() => setStep({ is: "decide" })}
          onDo={() => void ask(can, false)}
          onRepeat={(ids) => void ask(can.filter((item) => ids.has(item.workflowId)), false)}
          onDecideAgain={(results) => decideAgain(results.flatMap((result) => asItNowIs(result) ?? []))}
          onDone={close}
        />
      ) : (
        <DecisionForm
          draft={draft}
          onChange={change}
          offers={offers.map((offer) => {
            const able = sorted(items, offer).can;
            const from = new Set(able.map((item) => item.state));
            const count = t("act.of", { count: able.length, all: items.length });
            const name = t(moveName(offer, from.size === 1 ? [...from][0] : undefined));
            const isDenied = !permitted.move(offer);
            return { target: offer, name, note: isDenied ? t("denied.roles", { roles: permitted.roles }) : count, isDenied };
          })}
          isBusy={step.is === "busy"}
          onCheck={() => void ask(can, true)}
          onSubmit={() => void ask(can, false)}
          submitLabel={(name) => t("act.do", { name, count: can.length })}
        >
          {cannot.length > 0 && (
            <div className="note note-warn">
              <p>{t("act.cannot", { count: cannot.length })}</p>
              <p className="id-list">
                {cannot.map((item) => (
                  <code key={item.workflowId}>{item.workflowId}</code>
                ))}
              </p>
            </div>
          )}
          {failure !== undefined && (
            <>
              <ProblemNote error={failure} />
              {isLost && <p>{t("act.lost")}</p>}
            </>
          )}
          {step.is === "busy" && (
            <p role="status" className="busy">
              {t("act.busy")}
            </p>
          )}
        </DecisionForm>
      )}
      {offers.length === 0 && step.is === "decide" && (
        <Button className="button" onPress={close}>
          {t("close")}
        </Button>
      )}
    </Sheet>
  );
}
