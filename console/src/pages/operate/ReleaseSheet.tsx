/** Releasing a workflow: its breaks, what is stored there now, and why a person releases them. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Checkbox, CheckboxGroup, FieldError, Form, Label } from "react-aria-components";

import "../bench/bench.css";
import "./operate.css";
import { type Schemas, data } from "../../api/client";
import { useClient } from "../../api/context";
import { isClosed } from "../../api/lifecycle";
import { keys, useMay } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { DataTree } from "../../parts/DataTree";
import { ProblemNote } from "../../parts/ProblemNote";
import { ReasonField } from "../../parts/ReasonField";
import { Sheet } from "../../parts/Sheet";
import type { Json } from "../../parts/json";
import { useFaults } from "../../parts/faults";
import { Instant } from "../../time/Instant";
import { historyQuery, stateQuery } from "../workflow/queries";
import { RecoverFirst } from "./RecoverFirst";
import { foundBy } from "./found";

type Notice = Schemas["QuarantineNotice"];

export default function ReleaseSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useT();
  const client = useClient();
  const state = useQuery(stateQuery(client, id));
  const [report, setReport] = useState<Schemas["ReleaseReport"]>();
  const breaks = state.data?.quarantines ?? [];
  const wasOpen = state.data === undefined || !isClosed(state.data);
  return (
    <Sheet title={t("release.title", { id })} isOpen onClose={onClose} size="wide">
      {state.error !== null && <ProblemNote error={state.error} onRetry={() => void state.refetch()} />}
      {state.isPending && <p className="quiet sheet-waits">{t("loading")}</p>}
      {report !== undefined && (
        <p className={report.quarantines.length === 0 ? "note note-good" : "note note-warn"} role="status">
          {report.quarantines.length === 0 ? t(wasOpen ? "release.done" : "release.done.closed") : t("release.left", { count: report.quarantines.length })}
        </p>
      )}
      {report === undefined && state.isSuccess && breaks.length === 0 && <p>{t("release.none")}</p>}
      {report === undefined && breaks.some(({ fault }) => fault === "changed") && <RecoverFirst id={id} />}
      {report === undefined && breaks.length > 0 && <Decision id={id} breaks={breaks} onReleased={setReport} />}
      {(report !== undefined || (state.isSuccess && breaks.length === 0)) && (
        <div className="sheet-foot">
          <Link className="button" to="/workflow/$id" params={{ id }} search={{}}>
            {t("release.open")}
          </Link>
          <Button className="button button-first" onPress={onClose} autoFocus>
            {t("act.done")}
          </Button>
        </div>
      )}
    </Sheet>
  );
}

interface DecisionProps {
  id: string;
  breaks: readonly Notice[];
  onReleased: (report: Schemas["ReleaseReport"]) => void;
}

function Decision({ id, breaks, onReleased }: DecisionProps) {
  const t = useT();
  const client = useClient();
  const queries = useQueryClient();
  // Of several nothing is chosen for the person, nor what is found while they read.
  const [chosen, setChosen] = useState<string[]>(() => (breaks.length === 1 ? breaks.map((each) => each.break_id) : []));
  const [reason, setReason] = useState("");
  const faults = useFaults();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const named = breaks.filter((each) => chosen.includes(each.break_id));
  const isMissing = reason.trim() === "";
  const release = async () => {
    faults.show();
    if (isMissing || named.length === 0) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const params = { path: { workflow_id: id } };
      const body = { breaks: named.map((each) => each.break_id), reason: reason.trim() };
      onReleased(await data(client.POST("/workflows/{workflow_id}/release", { params, body })));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
      for (const queryKey of [keys.workflow(id), keys.lists, keys.activity]) void queries.invalidateQueries({ queryKey });
    }
  };
  return (
    <Form
      className="decision"
      ref={faults.form}
      onSubmit={(event) => event.preventDefault()}
    >
      <p>{t("release.text")}</p>
      <CheckboxGroup className="breaks" value={chosen} onChange={setChosen} isDisabled={isBusy} isInvalid={faults.tried && named.length === 0} validationBehavior="aria">
        <Label>{t("release.breaks")}</Label>
        {breaks.map((notice) => (
          <Break key={notice.break_id} id={id} notice={notice} />
        ))}
        <FieldError className="field-bad">{t("release.choose")}</FieldError>
      </CheckboxGroup>
      <ReasonField
        label={t("act.reason")}
        hint={t("release.reason.hint")}
        missing={t("act.reason.missing")}
        value={reason}
        onChange={setReason}
        isInvalid={faults.tried && isMissing}
        isReadOnly={isBusy}
        autoFocus
      />
      {failure !== undefined && <ProblemNote error={failure} />}
      <div className="sheet-foot">
        <Link className="button" to="/workflow/$id" params={{ id }} search={{}}>
          {t("release.open")}
        </Link>
        <Button className="button button-first" onPress={() => void release()} isBusy={isBusy}>
          {t("release.do", { count: named.length })}
        </Button>
      </div>
    </Form>
  );
}

function Break({ id, notice }: { id: string; notice: Notice }) {
  const t = useT();
  const version = notice.broken_at_version;
  return (
    <div className="break">
      <Checkbox className="check-line" value={notice.break_id}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <rect x="1.5" y="1.5" width="13" height="13" rx="3" />
          <path className="check-tick" d="m4.6 8.3 2.3 2.3 4.5-5" />
        </svg>
        {t("release.break", { version, fault: t(`fault.${notice.fault}`) })}
      </Checkbox>
      <p className="quiet">
        {notice.found_by !== undefined && `${foundBy(notice.found_by, t)} · `}
        {notice.quarantined_at !== undefined && <Instant at={notice.quarantined_at} />}
      </p>
      <Stored id={id} version={version} />
      <dl className="facts break-hashes">
        {notice.published_hash !== undefined && (
          <>
            <dt>{t("release.sent")}</dt>
            <dd>
              <code>{notice.published_hash}</code>
            </dd>
          </>
        )}
        <dt>{t("release.now")}</dt>
        <dd>
          <code>{notice.content}</code>
        </dd>
      </dl>
    </div>
  );
}

/** What is stored there now, or what the nearest version says when that cannot be read: for a person who compares records. */
function Stored({ id, version }: { id: string; version: number }) {
  const t = useT();
  const client = useClient();
  const history = useInfiniteQuery(historyQuery(client, id, useMay(client) as (action: string) => boolean));
  const entries = history.data?.pages.flatMap((page) => page.items) ?? [];
  const versions = entries.flatMap((entry) => ("to_state" in entry ? [entry] : []));
  const far = (each: { version: number }) => Math.abs(each.version - version);
  const nearest = versions.reduce<(typeof versions)[number] | undefined>(
    (best, each) => (best === undefined || far(each) < far(best) ? each : best),
    undefined,
  );
  if (nearest === undefined) return null;
  const isIt = nearest.version === version;
  return (
    <details className="break-stored" open>
      <summary>{t(isIt ? "release.stored" : "release.near", { version, near: nearest.version })}</summary>
      <div className="break-data">
        <DataTree value={nearest.metadata as Json} />
      </div>
    </details>
  );
}
