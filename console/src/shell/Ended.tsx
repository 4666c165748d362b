import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { ProblemNote } from "../parts/ProblemNote";

/** The session ended while somebody worked. It stands beside the page and covers nothing. */
export default function Ended() {
  const t = useT();
  const session = useSession();
  const queries = useQueryClient();
  const [failure, setFailure] = useState<unknown>();
  const again = () => {
    session
      .signInAgain()
      .then(() => queries.invalidateQueries())
      .catch(setFailure);
  };
  return (
    <div className="ended" role="alert">
      <p className="note-title">{t("ended.title")}</p>
      <p>{t("ended.text")}</p>
      <Button className="button button-first" onPress={again}>
        {t("ended.action")}
      </Button>
      {failure !== undefined && <ProblemNote error={failure} />}
    </div>
  );
}
