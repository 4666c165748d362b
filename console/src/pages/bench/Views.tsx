import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy } from "react";

import { useClient } from "../../api/context";
import { meQuery } from "../../api/queries";
import { Button } from "../../parts/Button";
import { CardButton } from "../../parts/CardButton";
import { FilterLink } from "../../parts/FilterLink";
import { Icon } from "../../parts/Icon";
import { useT } from "../../i18n";
import { arriving } from "../../parts/arrival";
import type { BenchSearch } from "./search";
import { forgetView, same, useViews } from "./views";

const ViewForm = lazy(() => arriving(import("./ViewForm")));

const OPEN: BenchSearch = { state: ["CREATED", "ACTIVE", "PAUSED", "FAILED"] };

/** Names for filters: those that everybody needs, and those that this person saved. */
export function Views({ search }: { search: BenchSearch }) {
  const t = useT();
  const me = useQuery(meQuery(useClient())).data?.principal;
  const saved = useViews();
  const shipped: { name: string; search: BenchSearch }[] = [
    { name: t("bench.view.all"), search: {} },
    { name: t("bench.view.open"), search: OPEN },
    ...(me === undefined ? [] : [{ name: t("bench.view.mine"), search: { ...OPEN, assignee: me } }]),
    { name: t("bench.view.overdue"), search: { overdue: "true" } },
    { name: t("bench.view.quarantined"), search: { quarantined: "true" } },
  ];
  const isNamed = [...shipped, ...saved].some((view) => same(view.search, search));
  return (
    <nav className="views" aria-label={t("bench.views")}>
      <ul>
        {shipped.map((view) => (
          <li key={view.name}>
            <ViewLink view={view} isShown={same(view.search, search)} />
          </li>
        ))}
        {saved.map((view) => (
          <li key={`saved ${view.name}`}>
            <ViewLink view={view} isShown={same(view.search, search)} />
            {same(view.search, search) && (
              <Button
                className="button-plain view-forget"
                aria-label={t("bench.view.forget", { name: view.name })}
                onPress={() => forgetView(view.name)}
              >
                <Icon name="close" />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!isNamed && <SaveView search={search} />}
    </nav>
  );
}

function ViewLink({ view, isShown }: { view: { name: string; search: BenchSearch }; isShown: boolean }) {
  return (
    <FilterLink className="view" to="/bench" search={view.search} current={isShown ? "page" : undefined}>
      {view.name}
    </FilterLink>
  );
}

function SaveView({ search }: { search: BenchSearch }) {
  const t = useT();
  const name = t("bench.view.save");
  return (
    <CardButton className="button-plain" card={{ label: name, className: "filter-card", placement: "bottom start" }} face={name}>
      {(close) => (
        <Suspense>
          <ViewForm search={search} onSaved={close} />
        </Suspense>
      )}
    </CardButton>
  );
}
