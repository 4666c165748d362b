/** A person records that they reviewed the activity that the page shows, and what they found. */
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { FieldError, Form, Label, Text, TextArea, TextField } from "react-aria-components";

import { newKey } from "../../api/client";
import { useClient } from "../../api/context";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ProblemNote } from "../../parts/ProblemNote";
import { Sheet } from "../../parts/Sheet";
import { useFaults } from "../../parts/faults";
import { Scope, Span } from "./Scope";
import { recordReview, reviewable } from "./review";
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
  const client = useClient();
  const queries = useQueryClient();
  // As it is when the dialog opens: what is decided does not move.
  const [reviewed] = useState(() => reviewable(search, span, Date.now()));
  const [reason, setReason] = useState("");
  const faults = useFaults();
  const [step, setStep] = useState<"decide" | "busy" | "done">("decide");
  const [error, setError] = useState<unknown>();
  // One finding has one name, however often its request is repeated.
  const asked = useRef({ reason: "", key: newKey() });
  const isMissing = reason.trim() === "";
  const submit = async () => {
    faults.show();
    if (isMissing || reviewed === undefined) return;
    if (asked.current.reason !== reason.trim()) asked.current = { reason: reason.trim(), key: newKey() };
    setStep("busy");
    setError(undefined);
    try {
      await recordReview(client, reviewed, reason.trim(), asked.current.key);
      setStep("done");
      void queries.invalidateQueries({ queryKey: keys.activity });
    } catch (failure) {
      setError(failure);
      setStep("decide");
    }
  };
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
          ) : (
            <Form
              className="decision"
              ref={faults.form}
              onSubmit={(event) => event.preventDefault()}
            >
              {!isSeen && <p className="note note-warn">{t("reviews.unseen")}</p>}
              <TextField
                className="field"
                value={reason}
                onChange={setReason}
                isInvalid={faults.tried && isMissing}
                isRequired
                validationBehavior="aria"
                maxLength={1000}
                isReadOnly={step === "busy"}
                autoFocus
              >
                <Label>{t("reviews.finding")}</Label>
                <TextArea rows={3} />
                <Text slot="description" className="quiet">
                  {t("reviews.finding.hint")}
                </Text>
                <FieldError className="field-bad">{t("reviews.finding.missing")}</FieldError>
              </TextField>
              <p className="quiet">{t("reviews.sheet.text")}</p>
              {error !== undefined && <ProblemNote error={error} />}
              <div className="sheet-foot">
                <Button className="button" onPress={onClose} isDisabled={step === "busy"}>
                  {t("cancel")}
                </Button>
                <Button className="button button-first" onPress={() => void submit()} isBusy={step === "busy"}>
                  {t("reviews.record")}
                </Button>
              </div>
            </Form>
          )}
        </>
      )}
    </Sheet>
  );
}
