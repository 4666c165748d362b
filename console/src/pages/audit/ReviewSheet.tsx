/** A person records that they reviewed the activity that the page shows, and what they found. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Form } from "react-aria-components";

import { newKey } from "../../api/client";
import { useClient } from "../../api/context";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ProblemNote } from "../../parts/ProblemNote";
import { ReasonField } from "../../parts/ReasonField";
import { Sheet } from "../../parts/Sheet";
import { useFaults } from "../../parts/faults";
import { Scope, Span } from "./Scope";
import { type Reviewed, recordReview, reviewable } from "./review";
import type { AuditSearch } from "./search";

interface Props {
  search: AuditSearch;
  span: { from?: string; to?: string };
  /** Whether the person opened every page of the activity. */
  isSeen: boolean;
  onClose: () => void;
}

export default function ReviewSheet({ search, span, isSeen, onClose }: Props) {
  const t = useT();
  // As it is when the dialog opens: what is decided does not move.
  const [reviewed] = useState(() => reviewable(search, span, Date.now()));
  const { step, error, record } = useRecord(reviewed);
  return (
    <Sheet title={t("reviews.sheet")} isOpen onClose={onClose} dismissable={step !== "busy"}>
      {reviewed === undefined ? (
        <>
          <p className="note note-warn">{t("reviews.short")}</p>
          <div className="sheet-foot">
            <Button className="button button-first" onPress={onClose} autoFocus>
              {t("cancel")}
            </Button>
          </div>
        </>
      ) : (
        <>
          <dl className="facts">
            <dt>{t("reviews.period")}</dt>
            <dd>
              <Span {...reviewed} />
              {reviewed.to !== span.to && <p className="quiet">{t("reviews.until")}</p>}
            </dd>
            <dt>{t("reviews.scope")}</dt>
            <dd>
              <Scope {...reviewed} />
            </dd>
          </dl>
          {step === "done" ? (
            <Recorded onClose={onClose} />
          ) : (
            <Finding isSeen={isSeen} isBusy={step === "busy"} error={error} onRecord={(finding) => void record(finding)} onClose={onClose} />
          )}
        </>
      )}
    </Sheet>
  );
}

/** Records the review, and says how far that is. */
function useRecord(reviewed: Reviewed | undefined) {
  const client = useClient();
  const queries = useQueryClient();
  const [step, setStep] = useState<"decide" | "busy" | "done">("decide");
  const [error, setError] = useState<unknown>();
  // One finding has one name, however often its request is repeated.
  const asked = useRef({ finding: "", key: newKey() });
  const record = async (finding: string) => {
    if (reviewed === undefined) return;
    if (asked.current.finding !== finding) asked.current = { finding, key: newKey() };
    setStep("busy");
    setError(undefined);
    try {
      await recordReview(client, reviewed, finding, asked.current.key);
      setStep("done");
      void queries.invalidateQueries({ queryKey: keys.activity });
    } catch (failure) {
      setError(failure);
      setStep("decide");
    }
  };
  return { step, error, record };
}

interface FindingProps {
  isSeen: boolean;
  isBusy: boolean;
  error: unknown;
  onRecord: (finding: string) => void;
  onClose: () => void;
}

/** What the person found. */
function Finding({ isSeen, isBusy, error, onRecord, onClose }: FindingProps) {
  const t = useT();
  const [finding, setFinding] = useState("");
  const faults = useFaults();
  const isMissing = finding.trim() === "";
  const submit = () => {
    faults.show();
    if (!isMissing) onRecord(finding.trim());
  };
  return (
    <Form className="decision" ref={faults.form} onSubmit={(event) => event.preventDefault()}>
      {!isSeen && <p className="note note-warn">{t("reviews.unseen")}</p>}
      <ReasonField
        label={t("reviews.finding")}
        hint={t("reviews.finding.hint")}
        missing={t("reviews.finding.missing")}
        value={finding}
        onChange={setFinding}
        isInvalid={faults.tried && isMissing}
        isReadOnly={isBusy}
        rows={3}
        autoFocus
      />
      <p className="quiet">{t("reviews.sheet.text")}</p>
      {error !== undefined && <ProblemNote error={error} />}
      <div className="sheet-foot">
        <Button className="button" onPress={onClose} isDisabled={isBusy}>
          {t("cancel")}
        </Button>
        <Button className="button button-first" onPress={submit} isBusy={isBusy}>
          {t("reviews.record")}
        </Button>
      </div>
    </Form>
  );
}

function Recorded({ onClose }: { onClose: () => void }) {
  const t = useT();
  return (
    <>
      <p className="note note-good" role="status">
        {t("reviews.recorded")}
      </p>
      <div className="sheet-foot">
        <Link className="button" to="/audit/reviews" search={{}}>
          {t("reviews.show")}
        </Link>
        <Button className="button button-first" onPress={onClose} autoFocus>
          {t("close")}
        </Button>
      </div>
    </>
  );
}
