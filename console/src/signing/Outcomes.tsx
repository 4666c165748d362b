/** What became of each: first those that need a person, with the service's own words. */
import { useT } from "../i18n";
import { ResultsTable, Summary } from "../parts/ResultsTable";
import { byUrgency, grouped } from "../parts/groups";
import { useProblemWords } from "../parts/problemWords";
import { Manifestation } from "./Manifestation";
import { type Outcome, idsWith, toldOf } from "./signing";

export function Outcomes({ outcomes }: { outcomes: ReadonlyMap<string, Outcome> }) {
  const t = useT();
  const words = useProblemWords();
  const all = [...outcomes].map(([id, outcome]) => ({ id, outcome }));
  const count = (is: Outcome["is"]) => idsWith(outcomes, is).length;
  const signed = count("signed");
  const refused = count("refused");
  const changed = count("changed");
  const undecided = count("undecided");
  return (
    <>
      <Summary
        counts={[
          { look: "good", count: signed, text: t("sign.signed", { count: signed }) },
          { look: "refused", count: refused, text: t("sign.refused", { count: refused }) },
          { look: "conflict", count: changed, text: t("sign.conflict", { count: changed }) },
          { look: "again", count: undecided, text: t("sign.undecided", { count: undecided }) },
        ]}
      />
      <ResultsTable
        groups={byUrgency(grouped(all, (each) => toldOf(each, t, (problem) => words(problem).detail)))}
        idOf={({ id }) => id}
        why={t("sign.why")}
        more={({ outcome }) => outcome.is === "signed" && <Manifestation signature={outcome.signature} />}
      />
    </>
  );
}
