/** Deciding on many: what, why, a look before, and a result for each. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

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
import { type Asked, type Item, type Order, type Result, asItNowIs, kindOf, merged, move, ordersOf, sorted } from "./act";

interface Props {
  items: readonly Item[];
  /** Chosen where the dialog was asked for. */
  target?: State | undefined;
  /** With the workflows that were not moved, when something was asked. */
  onClose: (stillSelected?: string[]) => void;
}

/** The results of a look stand alone; those of what was asked are kept beside the steps. */
type Step = { is: "decide" } | { is: "busy" } | { is: "look"; results: readonly Result[] } | { is: "results"; isBusy: boolean };

export default function ActSheet({ items: first, target: wanted, onClose }: Props) {
  const t = useT();
  const permitted = usePermitted(useClient());
  const { items, step, results, failure, renew, ask, repeat, back, decideAgain, stillSelected } = useMoves(first);
  const offers = TARGETS.filter((target) => sorted(items, target).can.length > 0);
  const [draft, setDraft] = useState<Draft>({ target: wanted ?? onlyTarget(offers.filter(permitted.move)), reason: "" });
  const { target } = draft;
  const { can, cannot } = target === undefined ? { can: [], cannot: [] } : sorted(items, target);
  const change = (next: Draft) => {
    setDraft(next);
    renew();
  };
  const close = () => onClose(stillSelected());
  const isBusy = step.is === "busy" || (step.is === "results" && step.isBusy);
  const isDraft = step.is !== "results" && [draft.reason, draft.code, draft.message].some((text) => (text ?? "").trim() !== "");
  return (
    <Sheet title={t("act.title", { count: first.length })} isOpen onClose={close} size="wide" dismissable={!isBusy} isDraft={isDraft}>
      {(step.is === "results" || step.is === "look") && target !== undefined ? (
        <Results
          results={step.is === "look" ? step.results : [...results.values()]}
          target={target}
          dryRun={step.is === "look"}
          isBusy={isBusy}
          onBack={back}
          onDo={() => void ask(can, draft, false)}
          onRepeat={(ids) => void repeat(ids)}
          onDecideAgain={(changed) => decideAgain(changed.flatMap((result) => asItNowIs(result) ?? []))}
          onDone={close}
        >
          {failure !== undefined && <Failure failure={failure} />}
          {isBusy && <Busy />}
        </Results>
      ) : (
        <DecisionForm
          draft={draft}
          onChange={change}
          offers={offers.map((offer) => offerOf(offer, items, permitted, t))}
          isBusy={isBusy}
          onCheck={() => void ask(can, draft, true)}
          onSubmit={() => void ask(can, draft, false)}
          submitLabel={(name) => t("act.do", { name, count: can.length })}
        >
          {cannot.length > 0 && <Cannot items={cannot} />}
          {failure !== undefined && <Failure failure={failure} />}
          {isBusy && <Busy />}
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
  const [results, setResults] = useState<ReadonlyMap<string, Result>>(new Map());
  const [failure, setFailure] = useState<unknown>();
  const [key, setKey] = useState(newKey);
  const asked = useRef(new Map<string, Asked>());
  // Left for later by a person who decided again on others after a look.
  const left = useRef<string[]>([]);
  const renew = () => setKey(newKey());
  const back = () => setStep({ is: "decide" });
  const order = async (which: readonly Item[], { decision, key }: Order) => {
    const answer = await move(client, which, decision, key, false);
    setResults((before) => merged(before, answer.results));
    for (const queryKey of [keys.lists, keys.counts]) void queries.invalidateQueries({ queryKey });
  };
  const ask = async (which: readonly Item[], draft: Draft, dryRun: boolean) => {
    if (draft.target === undefined) return;
    setStep({ is: "busy" });
    setFailure(undefined);
    const failed = failureOf(draft);
    const wanted = { decision: { target: draft.target, reason: draft.reason.trim(), ...(failed && { failure: failed }) }, key };
    try {
      if (dryRun) return setStep({ is: "look", results: (await move(client, which, wanted.decision, key, true)).results });
      await order(which, wanted);
      for (const item of which) asked.current.set(item.workflowId, { item, order: wanted });
      setStep({ is: "results", isBusy: false });
    } catch (error) {
      setFailure(error);
      back();
    }
  };
  // What is known of the others stays in sight while these are asked again, and when that has no answer.
  const repeat = async (ids: ReadonlySet<string>) => {
    setStep({ is: "results", isBusy: true });
    setFailure(undefined);
    try {
      for (const [wanted, which] of ordersOf(ids, asked.current)) await order(which, wanted);
    } catch (error) {
      setFailure(error);
    }
    setStep({ is: "results", isBusy: false });
  };
  const decideAgain = (changed: readonly Item[]) => {
    const again = new Set(changed.map(({ workflowId }) => workflowId));
    if (step.is === "look") left.current.push(...step.results.map((result) => result.workflow_id).filter((id) => !again.has(id)));
    setItems(changed);
    setFailure(undefined);
    renew();
    back();
  };
  // Nothing is known to have happened: the selection stays as it is.
  const stillSelected = () => (results.size === 0 ? undefined : [...left.current, ...notMoved([...results.values()])]);
  return { items, step, results, failure, renew, ask, repeat, back, decideAgain, stillSelected };
}

function notMoved(results: readonly Result[]): string[] {
  return results.filter((result) => kindOf(result) !== "moved").map((result) => result.workflow_id);
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

function Busy() {
  const t = useT();
  return (
    <p role="status" className="busy">
      {t("act.busy")}
    </p>
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
