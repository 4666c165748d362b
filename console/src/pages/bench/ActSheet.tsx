/** Deciding on many: what, why, a look before, and a result for each. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type State, newKey } from "../../api/client";
import { useClient } from "../../api/context";
import { TARGETS, moveName, onlyTarget } from "../../api/lifecycle";
import { usePermitted } from "../../api/permitted";
import { asProblem } from "../../api/problem";
import { keys } from "../../api/queries";
import { type Translate, useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { DecisionForm, type Draft, type Offer, failureOf } from "../../parts/DecisionForm";
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
  const permitted = usePermitted(useClient());
  const { items, step, failure, isAsked, renew, ask, back, decideAgain } = useMoves(first);
  const offers = TARGETS.filter((target) => sorted(items, target).can.length > 0);
  const [draft, setDraft] = useState<Draft>({ target: wanted ?? onlyTarget(offers.filter(permitted.move)), reason: "" });
  const { target } = draft;
  const { can, cannot } = target === undefined ? { can: [], cannot: [] } : sorted(items, target);
  const change = (next: Draft) => {
    setDraft(next);
    renew();
  };
  const close = () => {
    if (!isAsked || step.is !== "results") return onClose();
    onClose(step.results.filter((result) => kindOf(result) !== "moved").map((result) => result.workflow_id));
  };
  return (
    <Sheet title={t("act.title", { count: items.length })} isOpen onClose={close} size="wide" dismissable={step.is !== "busy"}>
      {step.is === "results" && target !== undefined ? (
        <Results
          results={step.results}
          target={target}
          dryRun={step.dryRun}
          onBack={back}
          onDo={() => void ask(can, draft, false)}
          onRepeat={(ids) => void ask(can.filter((item) => ids.has(item.workflowId)), draft, false)}
          onDecideAgain={(results) => decideAgain(results.flatMap((result) => asItNowIs(result) ?? []))}
          onDone={close}
        />
      ) : (
        <DecisionForm
          draft={draft}
          onChange={change}
          offers={offers.map((offer) => offerOf(offer, items, permitted, t))}
          isBusy={step.is === "busy"}
          onCheck={() => void ask(can, draft, true)}
          onSubmit={() => void ask(can, draft, false)}
          submitLabel={(name) => t("act.do", { name, count: can.length })}
        >
          {cannot.length > 0 && <Cannot items={cannot} />}
          {failure !== undefined && <Failure failure={failure} />}
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

/** Asks for the moves; the same request has one key, however often it is repeated. */
function useMoves(first: readonly Item[]) {
  const client = useClient();
  const queries = useQueryClient();
  const [items, setItems] = useState(first);
  const [step, setStep] = useState<Step>({ is: "decide" });
  const [failure, setFailure] = useState<unknown>();
  const [key, setKey] = useState(newKey);
  const [isAsked, setAsked] = useState(false);
  const renew = () => setKey(newKey());
  const back = () => setStep({ is: "decide" });
  const ask = async (which: readonly Item[], draft: Draft, dryRun: boolean) => {
    if (draft.target === undefined) return;
    setStep({ is: "busy" });
    setFailure(undefined);
    try {
      const failed = failureOf(draft);
      const decision = { target: draft.target, reason: draft.reason.trim(), ...(failed && { failure: failed }) };
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
    renew();
    back();
  };
  return { items, step, failure, isAsked, renew, ask, back, decideAgain };
}

/** A move with how many it is possible for, or why it is not for this person. */
function offerOf(target: State, items: readonly Item[], permitted: ReturnType<typeof usePermitted>, t: Translate): Offer {
  const { can } = sorted(items, target);
  const from = new Set(can.map((item) => item.state));
  const isDenied = !permitted.move(target);
  const note = isDenied ? t("denied.roles", { roles: permitted.roles }) : t("act.of", { count: can.length, all: items.length });
  return { target, name: t(moveName(target, from.size === 1 ? [...from][0] : undefined)), note, isDenied };
}

/** Those whose state does not allow the move. */
function Cannot({ items }: { items: readonly Item[] }) {
  const t = useT();
  return (
    <div className="note note-warn">
      <p>{t("act.cannot", { count: items.length })}</p>
      <p className="id-list">
        {items.map((item) => (
          <code key={item.workflowId}>{item.workflowId}</code>
        ))}
      </p>
    </div>
  );
}

function Failure({ failure }: { failure: unknown }) {
  const t = useT();
  return (
    <>
      <ProblemNote error={failure} />
      {asProblem(failure).code === "unreachable" && <p>{t("act.lost")}</p>}
    </>
  );
}
