import { useState } from "react";

import { isCancelled } from "../auth/cancelled";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import mark from "../mark.svg";
import { Button } from "../parts/Button";
import { ProblemNote } from "../parts/ProblemNote";

export function SignedOut({ error }: { error?: unknown }) {
  const t = useT();
  const session = useSession();
  const [failure, setFailure] = useState<unknown>(error);
  return (
    <main className="door">
      <div className="door-card">
        <img src={mark} alt="" width="44" height="44" />
        <p className="door-product">{t("product")}</p>
        <h1>{t("signin.title")}</h1>
        <p>{t("signin.text")}</p>
        <Button autoFocus className="button button-first" onPress={() => void session.signIn().catch(setFailure)}>
          {t("signin.action")}
        </Button>
        {isCancelled(failure) && <p role="status">{t("signin.cancelled")}</p>}
        {failure !== undefined && !isCancelled(failure) && (
          <>
            <p className="quiet">{t("signin.failed")}</p>
            <ProblemNote error={failure} />
          </>
        )}
      </div>
    </main>
  );
}
