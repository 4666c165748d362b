import { STATES, type Schemas, type State } from "../../api/client";
import { useLanguage, useT } from "../../i18n";
import { FilterLink } from "../../parts/FilterLink";
import { Shape } from "../../parts/Mark";
import type { BenchSearch } from "./search";

/** How many are in each state; each is a filter. */
export function StateTiles({ search, counts }: { search: BenchSearch; counts: Schemas["StateCounts"] | undefined }) {
  const t = useT();
  const number = new Intl.NumberFormat(useLanguage());
  const chosen = search.state ?? [];
  const toggled = (state: State): BenchSearch => {
    const next = chosen.includes(state) ? chosen.filter((each) => each !== state) : [...chosen, state];
    const { state: _, ...rest } = search;
    return next.length > 0 ? { ...rest, state: STATES.filter((each) => next.includes(each)) } : rest;
  };
  return (
    <ul className="tiles" aria-label={t("bench.states")}>
      {STATES.map((state) => (
        <li key={state}>
          <FilterLink
            className="tile"
            to="/bench"
            search={toggled(state)}
            current={chosen.includes(state) ? "true" : undefined}
          >
            <span className="tile-number">{counts === undefined ? "–" : number.format(counts[state])}</span>
            <span className="tile-name">
              <Shape state={state} />
              {t(`state.${state}`)}
            </span>
          </FilterLink>
        </li>
      ))}
    </ul>
  );
}
