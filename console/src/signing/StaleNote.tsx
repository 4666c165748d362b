/** The sign-in is too old for a signature: the person proves again who they are, and goes on where they were. */
import { useState } from "react";

import type { Challenge } from "../api/problem";
import { isCancelled } from "../auth/cancelled";
import { OtherPerson } from "../auth/otherPerson";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { ProblemNote } from "../parts/ProblemNote";
import { inSight } from "../parts/inSight";

interface Props {
  challenge: Challenge;
  onFresh: () => void;
  /** The page goes away now: keep what is to be signed. */
  onLeave: () => void;
}

export function StaleNote({ challenge, onFresh, onLeave }: Props) {
  const t = useT();
  const session = useSession();
  const [failure, setFailure] = useState<unknown>();
  const [isOpen, setOpen] = useState(false);
  const inWindow = () => {
    setFailure(undefined);
    setOpen(true);
    session
      .authenticateFreshly(challenge)
      .then(onFresh, setFailure)
      .finally(() => setOpen(false));
  };
  const here = () => {
    onLeave();
    session.leaveToAuthenticate(challenge).catch(setFailure);
  };
  const minutes = challenge.maxAge === undefined ? undefined : Math.max(1, Math.round(challenge.maxAge / 60));
  return (
    <div className="note note-warn" role="alert" ref={inSight}>
      <p className="note-title">{t("sign.stale.title")}</p>
      <p>{minutes === undefined ? t("sign.stale.text.any") : t("sign.stale.text", { minutes })}</p>
      {failure instanceof OtherPerson && <p className="field-bad">{t("sign.window.other", { name: session.name ?? "" })}</p>}
      {isCancelled(failure) && <p role="status">{t("sign.window.closed")}</p>}
      {failure !== undefined && !(failure instanceof OtherPerson) && !isCancelled(failure) && (
        <>
          <p className="field-bad">{t("sign.window.failed")}</p>
          <ProblemNote error={failure} />
        </>
      )}
      <div className="note-foot">
        <Button className="button button-first" onPress={inWindow} isBusy={isOpen} autoFocus>
          {t("sign.stale.action")}
        </Button>
        <Button className="button-plain" onPress={here}>
          {t("sign.stale.here")}
        </Button>
      </div>
    </div>
  );
}
