/** The rules in words, and what they say of one workflow. */
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";

import "../bench/bench.css";
import "./rules.css";
import { type Client, type Schemas, data } from "../../api/client";
import { useClient } from "../../api/context";
import { moveName } from "../../api/lifecycle";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { Shape } from "../../parts/Mark";
import { PageHead } from "../../parts/PageHead";
import { ProblemNote } from "../../parts/ProblemNote";
import { Trial } from "./Trial";
import { askedAt } from "./asked";

function rulesQuery(client: Client) {
  return infiniteQueryOptions({
    queryKey: [...keys.rulesets, "pages"],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 100, ...(pageParam !== "" && { cursor: pageParam }) };
      return data(client.GET("/rulesets", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page: Schemas["RulesetList"]) => page.next_cursor,
    staleTime: 5 * 60_000,
  });
}

export default function RulesPage() {
  const t = useT();
  const { try: tried } = useSearch({ from: "/rules" });
  const rules = useInfiniteQuery(rulesQuery(useClient()));
  const pages = rules.data?.pages ?? [];
  const sets = pages.flatMap((page) => page.items);
  const free = [...new Set(pages.flatMap((page) => page.types_without_rules))];
  const [first] = pages;
  return (
    <div className="rules">
      <PageHead title={t("rules.title")} />
      <Trial key={tried} id={tried} />
      {rules.error !== null && <ProblemNote error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.isPending && <p className="quiet">{t("loading")}</p>}
      {first?.kept_elsewhere === true && <p className="note">{t("rules.elsewhere", { engine: first.engine })}</p>}
      {first?.kept_elsewhere === false && sets.length === 0 && (
        <Empty title={t("rules.empty")}>
          <p>{t("rules.empty.text")}</p>
        </Empty>
      )}
      {sets.map((set) => (
        <Ruleset key={`${set.ruleset} ${set.ruleset_version}`} set={set} />
      ))}
      {free.length > 0 && (
        <section>
          <h2>{t("rules.free")}</h2>
          <p className="rules-types">
            {free.map((type) => (
              <code key={type}>{type}</code>
            ))}
          </p>
        </section>
      )}
      {rules.hasNextPage && (
        <Button className="button" onPress={() => void rules.fetchNextPage()} isDisabled={rules.isFetchingNextPage}>
          {t("rules.more")}
        </Button>
      )}
    </div>
  );
}

function Ruleset({ set }: { set: Schemas["RulesetShown"] }) {
  const t = useT();
  return (
    <section>
      <h2>{t("rules.set", { name: set.ruleset, version: set.ruleset_version })}</h2>
      <p className="rules-types">
        <span className="quiet">{t("rules.types")}</span>
        {set.workflow_types.map((type) => (
          <code key={type}>{type}</code>
        ))}
        <span className="quiet">· {t("rules.count", { count: set.rules.length })}</span>
      </p>
      {set.rules.length === 0 && <p className="quiet">{t("rules.none")}</p>}
      <ul className="rule-list">
        {set.rules.map((rule) => (
          <Rule key={rule.rule_id} rule={rule} />
        ))}
      </ul>
    </section>
  );
}

/** First what it says to people, then when it is asked. */
function Rule({ rule }: { rule: Schemas["RuleShown"] }) {
  const t = useT();
  const asked = [
    ...askedAt(rule.moves).map(({ from, targets }) => ({
      key: String(from),
      text:
        from === null ? (
          t("rules.creation")
        ) : (
          <span className="mark">
            {t("rules.from")} <Shape state={from} /> {t(`state.${from}`)}: {targets.map((to) => t(moveName(to, from))).join(", ")}
          </span>
        ),
    })),
    ...(rule.amendments ? [{ key: "amendments", text: t("rules.amendments") }] : []),
    ...(rule.signatures ? [{ key: "signatures", text: t("rules.signatures") }] : []),
  ];
  return (
    <li className="rule">
      <p className="rule-message">{rule.message}</p>
      <p className="rule-asked">
        <code>{rule.rule_id}</code>
        <span>{t("rules.applies")}</span>
        {asked.map(({ key, text }) => (
          <span key={key} className="chip">
            {text}
          </span>
        ))}
      </p>
    </li>
  );
}
