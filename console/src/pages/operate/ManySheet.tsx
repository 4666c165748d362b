/** Recovering many, or sending their events again: one decision, and a result for each. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Form } from "react-aria-components";

import { useClient } from "../../api/context";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ReasonField } from "../../parts/ReasonField";
import { ResultsTable, Summary } from "../../parts/ResultsTable";
import { Sheet } from "../../parts/Sheet";
import { useFaults } from "../../parts/faults";
import { type OneOfMany, byUrgency, countOf, grouped } from "../../parts/groups";
import { useProblemWords } from "../../parts/problemWords";
import { FailureTold, type Failures } from "./Failed";
import { type Outcome, type Work, recover, replay, toldOf, workOnAll } from "./many";

interface Props {
  work: Work;
  ids: readonly string[];
  /** Why each failed, where the list knows it. */
  failures?: Failures | undefined;
  onClose: () => void;
}

export function ManySheet({ work, ids, failures, onClose }: Props) {
  const t = useT();
  const [reason, setReason] = useState("");
  const { outcomes, begin } = useWork(work, reason.trim());
  const all = [...(outcomes ?? [])].map(([id, outcome]) => ({ id, outcome }));
  const open = all.filter(({ outcome: { is } }) => is === "waits" || is === "runs").length;
  return (
    <Sheet title={t(`many.${work}`, { count: ids.length })} isOpen onClose={onClose} size="wide" dismissable={open === 0}>
      {outcomes === undefined ? (
        <Decision work={work} count={ids.length} reason={reason} onReason={setReason} onBegin={() => void begin(ids)} onClose={onClose}>
          <Concerned ids={ids} failures={failures} />
        </Decision>
      ) : (
        <Results all={all} open={open} onRepeat={(undecided) => void begin(undecided)} onClose={onClose} />
      )}
    </Sheet>
  );
}

/** What became of each so far, and the work on more of them. */
function useWork(work: Work, reason: string) {
  const client = useClient();
  const queries = useQueryClient();
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current?.abort();
  }, []);
  const begin = async (which: readonly string[]) => {
    const { signal } = stop.current ?? new AbortController();
    const one = (id: string) => (work === "recover" ? recover(client, id, reason, signal) : replay(client, id, signal));
    setOutcomes((before) => new Map([...(before ?? []), ...which.map((id) => [id, { is: "waits" }] as const)]));
    await workOnAll(which, one, (id, outcome) => setOutcomes((before) => new Map(before).set(id, outcome)));
    for (const queryKey of [keys.lists, keys.counts, keys.activity]) void queries.invalidateQueries({ queryKey });
    for (const id of which) void queries.invalidateQueries({ queryKey: keys.workflow(id) });
  };
  return { outcomes, begin };
}

interface DecisionProps {
  work: Work;
  count: number;
  reason: string;
  onReason: (reason: string) => void;
  onBegin: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Only a recovery needs a reason. */
function Decision({ work, count, reason, onReason, onBegin, onClose, children }: DecisionProps) {
  const t = useT();
  const faults = useFaults();
  const isMissing = work === "recover" && reason.trim() === "";
  const attempt = () => {
    faults.show();
    if (!isMissing) onBegin();
  };
  return (
    <Form className="decision" ref={faults.form} onSubmit={(event) => event.preventDefault()}>
      <p>{t(`many.${work}.text`)}</p>
      {children}
      {work === "recover" && (
        <ReasonField
          label={t("act.reason")}
          missing={t("act.reason.missing")}
          value={reason}
          onChange={onReason}
          isInvalid={faults.tried && isMissing}
          autoFocus
        />
      )}
      <div className="sheet-foot">
        <Button className="button" onPress={onClose} autoFocus={work === "replay"}>
          {t("cancel")}
        </Button>
        <Button className="button button-first" onPress={attempt}>
          {t(`many.${work}`, { count })}
        </Button>
      </div>
    </Form>
  );
}

interface ResultsProps {
  all: readonly OneOfMany<Outcome>[];
  /** How many are not done yet. */
  open: number;
  onRepeat: (undecided: readonly string[]) => void;
  onClose: () => void;
}

/** While it works, rows keep their order; then those that need a person come first. */
function Results({ all, open, onRepeat, onClose }: ResultsProps) {
  const t = useT();
  const words = useProblemWords();
  const groups = grouped(all, (each) => toldOf(each, t, words));
  const [good, refused, again] = [countOf(groups, "good"), countOf(groups, "refused"), countOf(groups, "again")];
  // Only what the service did not decide: a refusal stays one.
  const undecided = groups.flatMap(({ look, results }) => (look === "again" ? results.map(({ id }) => id) : []));
  const running = open === 0 ? countOf(groups, "waits") : 0;
  return (
    <>
      <Summary
        counts={[
          { look: "good", count: good, text: t("many.good", { count: good }) },
          { look: "refused", count: refused, text: t("many.bad", { count: refused }) },
          { look: "again", count: again, text: t("act.again", { count: again }) },
          { look: "waits", count: running, text: t("many.running", { count: running }) },
        ]}
      >
        {open > 0 && <p className="summary-note">{t("many.progress", { done: all.length - open, all: all.length })}</p>}
      </Summary>
      <ResultsTable groups={open === 0 ? byUrgency(groups) : groups} idOf={({ id }) => id} why={t("act.why")} />
      {open === 0 && (
        <div className="sheet-foot">
          {undecided.length > 0 && (
            <Button className="button" onPress={() => onRepeat(undecided)}>
              {t("many.again", { count: undecided.length })}
            </Button>
          )}
          <Button className="button button-first" onPress={onClose} autoFocus>
            {t("act.done")}
          </Button>
        </div>
      )}
    </>
  );
}

function Concerned({ ids, failures }: { ids: readonly string[]; failures: Failures | undefined }) {
  if (failures === undefined) {
    return (
      <p className="id-list">
        {ids.map((id) => (
          <code key={id}>{id}</code>
        ))}
      </p>
    );
  }
  return (
    <ul className="many-failed">
      {ids.map((id) => (
        <li key={id}>
          <code>{id}</code> <FailureTold failure={failures.get(id)} />
        </li>
      ))}
    </ul>
  );
}
