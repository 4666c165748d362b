/** Signing one workflow or many: what is signed, what it means, that it is really this person, and a result for each. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { FieldError, Form, Label, Radio, RadioGroup, Text, TextArea, TextField } from "react-aria-components";

import "../pages/bench/bench.css";
import "./signing.css";
import type { Meaning } from "../api/client";
import { useClient } from "../api/context";
import { meQuery } from "../api/queries";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { Sheet } from "../parts/Sheet";
import { useFaults } from "../parts/faults";
import { Outcomes } from "./Outcomes";
import { StaleNote } from "./StaleNote";
import { WhatIsSigned } from "./WhatIsSigned";
import { type Draft, keepDraft } from "./draft";
import { type Outcome, counting, offered } from "./signing";
import { useSigning } from "./useSigning";

interface Props {
  ids: readonly string[];
  meaning?: Meaning | undefined;
  /** What was chosen before the page went to the sign-in. */
  draft?: Draft | undefined;
  onClose: (stillOpen?: readonly string[]) => void;
}

export default function SignSheet({ ids, meaning: wanted, draft, onClose }: Props) {
  const t = useT();
  const me = useQuery(meQuery(useClient())).data;
  const session = useSession();
  const may = offered(me?.permitted_signatures ?? []);
  const first = [draft?.meaning, wanted].find((each) => each !== undefined && may.includes(each));
  const [chosen, setChosen] = useState<Meaning | undefined>(first);
  const [comment, setComment] = useState(draft?.comment ?? "");
  const signing = useSigning(ids, draft?.items ?? []);
  // What a signature means is the person's word: of several nothing is chosen for them.
  const meaning = chosen ?? first ?? (may.length === 1 ? may[0] : undefined);
  const faults = useFaults();
  // Its author has signed it: what waits is a check, and this person is about to say that it is their work.
  const isWaiting = [...signing.reads.values()].some(
    (read) => "event" in read && counting(read.event.signatures).some((each) => each.meaning === "authorship" && each.by !== me?.principal),
  );
  const { step, items, outcomes, needs } = signing;
  const isReady = may.length > 0 && items.length > 0 && signing.isRead;
  const ask = () => {
    faults.show();
    if (isReady && meaning !== undefined && step !== "busy") void signing.ask(items, { meaning, comment });
  };
  const of = (is: Outcome["is"]) => [...outcomes].filter(([, outcome]) => outcome.is === is).map(([id]) => id);
  const close = () => onClose(outcomes.size > 0 ? [...outcomes].filter(([, { is }]) => is !== "signed").map(([id]) => id) : undefined);
  const repeat = () => {
    const open = new Set(of("undecided"));
    if (meaning !== undefined) void signing.ask(items.filter(({ workflowId }) => open.has(workflowId)), { meaning, comment });
  };
  const stale = needs !== undefined && meaning !== undefined && (
    <StaleNote
      challenge={needs}
      onFresh={outcomes.size > 0 ? repeat : ask}
      onLeave={() => keepDraft({ principal: me?.principal ?? "", meaning, comment, items: [...items] })}
    />
  );
  const title = ids.length === 1 ? t("sign.title.one", { id: ids[0] ?? "" }) : t("sign.title", { count: ids.length });
  return (
    <Sheet title={title} isOpen onClose={close} size="wide" dismissable={step !== "busy"}>
      {step === "results" ? (
        <>
          <Outcomes outcomes={outcomes} />
          {stale}
          <div className="sheet-foot">
            {of("undecided").length > 0 && needs === undefined && (
              <Button className="button" onPress={repeat}>
                {t("sign.repeat", { count: of("undecided").length })}
              </Button>
            )}
            {of("changed").length > 0 && (
              <Button className="button" onPress={() => signing.readAgain(of("changed"))}>
                {t("sign.again", { count: of("changed").length })}
              </Button>
            )}
            <Button className="button button-first" onPress={close} autoFocus={needs === undefined}>
              {t("act.done")}
            </Button>
          </div>
        </>
      ) : (
        <Form
          className="decision"
          ref={faults.form}
          onSubmit={(event) => event.preventDefault()}
        >
          <WhatIsSigned ids={signing.ids} reads={signing.reads} changed={signing.changed} />
          {may.length === 0 ? (
            <p className="note note-warn">{t("sign.none")}</p>
          ) : (
            <RadioGroup className="decision-targets" value={meaning ?? null} onChange={(value) => setChosen(value as Meaning)} isDisabled={step === "busy"} isInvalid={faults.tried && meaning === undefined} isRequired validationBehavior="aria">
              <Label>{t("sign.meaning")}</Label>
              <div className="meanings">
                {may.map((each) => (
                  <Radio key={each} value={each} className="decision-target" autoFocus={each === meaning}>
                    <span>
                      <span className="decision-name">{t(`meaning.${each}`)}</span>
                      <span className="quiet">{t(`meaning.${each}.text`)}</span>
                    </span>
                  </Radio>
                ))}
              </div>
              <FieldError className="field-bad">{t("sign.meaning.missing")}</FieldError>
              {meaning === "authorship" && isWaiting && <p className="note note-warn">{t("sign.authorship.waits")}</p>}
            </RadioGroup>
          )}
          <TextField className="field" value={comment} onChange={setComment} maxLength={1000} isReadOnly={step === "busy"} autoFocus={meaning === undefined}>
            <Label>{t("sign.comment")}</Label>
            <TextArea rows={2} />
            <Text slot="description" className="quiet">
              {t("sign.comment.hint")}
            </Text>
          </TextField>
          <p>{t("sign.as", { name: session.name ?? me?.principal ?? "" })}</p>
          {stale}
          {step === "busy" && (
            <p role="status" className="busy">
              {t("sign.busy", { done: outcomes.size - of("waits").length, all: items.length })}
            </p>
          )}
          {needs === undefined && (
            <div className="sheet-foot">
              <Button className="button" onPress={close} isDisabled={step === "busy"}>
                {t("cancel")}
              </Button>
              <Button className="button button-first" onPress={ask} isBusy={step === "busy"} isDisabled={!isReady}>
                {meaning === undefined ? t("sign.do.none", { count: items.length }) : t("sign.do", { meaning: t(`meaning.${meaning}`), count: items.length })}
              </Button>
            </div>
          )}
        </Form>
      )}
    </Sheet>
  );
}
