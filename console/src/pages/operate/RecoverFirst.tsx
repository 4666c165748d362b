/** A change past the service was seen: a recovery records what it left, before a person releases it. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useClient } from "../../api/context";
import { keys, useMay } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ProblemNote } from "../../parts/ProblemNote";
import { type Outcome, recover } from "./many";

export function RecoverFirst({ id }: { id: string }) {
  const t = useT();
  const client = useClient();
  const queries = useQueryClient();
  const mayRecover = useMay(client)("recoverWorkflow");
  const [outcome, setOutcome] = useState<Outcome>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current?.abort();
  }, []);
  const reason = t("release.changed.why");
  const begin = async () => {
    setOutcome({ is: "runs" });
    const { signal } = stop.current ?? new AbortController();
    setOutcome(await recover(client, id, reason, signal).catch((error): Outcome => ({ is: "failed", error })));
    for (const queryKey of [keys.workflow(id), keys.lists, keys.activity]) void queries.invalidateQueries({ queryKey });
  };
  if (outcome?.is === "recovery" && outcome.report.status !== "running") {
    return (
      <p className="note note-good" role="status" tabIndex={-1} data-focus-lost>
        {t("release.changed.done", { status: t(`recovery.${outcome.report.status}`) })}
      </p>
    );
  }
  const isRunning = outcome !== undefined && outcome.is !== "failed";
  return (
    <div className="note note-warn">
      <p className="note-title">{t("release.changed.title")}</p>
      <p>{t("release.changed.text")}</p>
      {mayRecover && <p className="quiet">{t("release.changed.reason", { reason })}</p>}
      {outcome?.is === "failed" && <ProblemNote error={outcome.error} />}
      {isRunning && <p role="status">{t("release.changed.runs")}</p>}
      {mayRecover && (
        <div className="note-foot">
          <Button className="button" onPress={() => void begin()} isBusy={isRunning}>
            {t("release.changed.do")}
          </Button>
        </div>
      )}
    </div>
  );
}
