/** Recovering many, or sending their events again: one decision, and a result for each. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { FieldError, Form, Label, TextArea, TextField } from "react-aria-components";

import { useClient } from "../../api/context";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ResultsTable } from "../../parts/ResultsTable";
import { Sheet } from "../../parts/Sheet";
import { useFaults } from "../../parts/faults";
import { grouped } from "../../parts/groups";
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
  const words = useProblemWords();
  const client = useClient();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const faults = useFaults();
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current?.abort();
  }, []);
  const isMissing = work === "recover" && reason.trim() === "";
  const begin = async (which: readonly string[]) => {
    const { signal } = stop.current ?? new AbortController();
    const one = (id: string) =>
      work === "recover" ? recover(client, id, reason.trim(), signal) : replay(client, id, signal);
    setOutcomes((before) => new Map([...(before ?? []), ...which.map((id) => [id, { is: "waits" }] as const)]));
    await workOnAll(which, one, (id, outcome) => setOutcomes((before) => new Map(before).set(id, outcome)));
    for (const queryKey of [keys.lists, keys.counts, keys.activity]) void queries.invalidateQueries({ queryKey });
    for (const id of which) void queries.invalidateQueries({ queryKey: keys.workflow(id) });
  };
  const attempt = () => {
    faults.show();
    if (!isMissing) void begin(ids);
  };
  const all = [...(outcomes ?? [])];
  const open = all.filter(([, { is }]) => is === "waits" || is === "runs").length;
  const failed = all.filter(([, { is }]) => is === "failed").map(([id]) => id);
  return (
    <Sheet title={t(`many.${work}`, { count: ids.length })} isOpen onClose={onClose} size="wide" dismissable={open === 0}>
      {outcomes === undefined ? (
        <Form
          className="decision"
          ref={faults.form}
          onSubmit={(event) => event.preventDefault()}
        >
          <p>{t(`many.${work}.text`)}</p>
          <Concerned ids={ids} failures={failures} />
          {work === "recover" && (
            <TextField
              className="field"
              value={reason}
              onChange={setReason}
              isInvalid={faults.tried && isMissing}
              isRequired
              validationBehavior="aria"
              maxLength={1000}
              autoFocus
            >
              <Label>{t("act.reason")}</Label>
              <TextArea rows={2} />
              <FieldError className="field-bad">{t("act.reason.missing")}</FieldError>
            </TextField>
          )}
          <div className="sheet-foot">
            <Button className="button" onPress={onClose} autoFocus={work === "replay"}>
              {t("cancel")}
            </Button>
            <Button className="button button-first" onPress={attempt}>
              {t(`many.${work}`, { count: ids.length })}
            </Button>
          </div>
        </Form>
      ) : (
        <>
          <p role="status" tabIndex={-1} data-focus-lost>{t("many.progress", { done: all.length - open, all: all.length })}</p>
          <ResultsTable
            groups={grouped(all.map(([id, outcome]) => ({ id, outcome })), (worked) => toldOf(worked, t, words))}
            idOf={({ id }) => id}
            why={t("act.why")}
          />
          {open === 0 && (
            <div className="sheet-foot">
              {failed.length > 0 && (
                <Button className="button" onPress={() => void begin(failed)}>
                  {t("many.again", { count: failed.length })}
                </Button>
              )}
              <Button className="button button-first" onPress={onClose} autoFocus>
                {t("act.done")}
              </Button>
            </div>
          )}
        </>
      )}
    </Sheet>
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
