/** A page that failed, in the place of the page: everything around it stays. */
import { useEffect, useState } from "react";

import { asProblem } from "../api/problem";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { NotArrived, loadAgain } from "../parts/arrival";

export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const t = useT();
  const isMissing = error instanceof NotArrived;
  const [isLost, setLost] = useState(false);
  // A new release names its parts anew: another load finds them.
  useEffect(() => {
    if (isMissing) void loadAgain(false).then((isOnItsWay) => setLost(!isOnItsWay));
  }, [isMissing]);
  const again = () => {
    if (!isMissing) return reset();
    setLost(false);
    void loadAgain(true).then((isOnItsWay) => setLost(!isOnItsWay));
  };
  if (isMissing && !isLost) return <p className="quiet">{t("loading")}</p>;
  return (
    <div className="note note-bad" role="alert">
      <h1 className="note-title">{t(isMissing ? "broken.missing" : "problem.console.title")}</h1>
      <p>{isMissing ? t("broken.missing.text") : <span lang="en">{asProblem(error).body.detail}</span>}</p>
      <div className="note-foot">
        <Button className="button button-first" onPress={again}>
          {t("retry")}
        </Button>
      </div>
    </div>
  );
}
