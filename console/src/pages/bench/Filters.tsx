import { useNavigate } from "@tanstack/react-router";
import { Suspense, lazy } from "react";

import { Button } from "../../parts/Button";
import { CardButton } from "../../parts/CardButton";
import { Icon } from "../../parts/Icon";
import { type Translate, useLanguage, useT } from "../../i18n";
import { usePreferences } from "../../preferences";
import { absolute } from "../../time/time";
import { arriving } from "../../parts/arrival";
import type { BenchSearch } from "./search";

const FilterForm = lazy(() => arriving(import("./FilterForm")));

interface Chip {
  name: string;
  value: string;
  without: BenchSearch;
}

/** The filters in force, each with its end. */
export function FilterChips({ search }: { search: BenchSearch }) {
  const t = useT();
  const navigate = useNavigate();
  const language = useLanguage();
  const { zone } = usePreferences();
  const show = (next: BenchSearch) => void navigate({ to: "/bench", search: next });
  const chips = chipsOf(search, t, (at) => absolute(Date.parse(at), language, zone));
  if (chips.length === 0) return null;
  return (
    <ul className="filter-chips" aria-label={t("bench.filters")}>
      {chips.map((chip) => (
        <li key={`${chip.name} ${chip.value}`}>
          <Button
            className="chip chip-button"
            onPress={() => show(chip.without)}
            aria-label={t("bench.filter.remove", { name: chip.name, value: chip.value })}
          >
            {chip.name} <b>{chip.value}</b> <Icon name="close" />
          </Button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <Button className="button-plain" onPress={() => show({})}>
            {t("bench.filter.clear")}
          </Button>
        </li>
      )}
    </ul>
  );
}

/** The way to another filter. */
export function AddFilter({ search }: { search: BenchSearch }) {
  const t = useT();
  const navigate = useNavigate();
  return (
    <CardButton
      className="button-plain"
      card={{ label: t("bench.filters"), className: "filter-card", placement: "bottom end" }}
      face={
        <>
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <path
              d="M2 3.5h12L9.5 8.8V13l-3-1.5V8.8z"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.4"
              strokeLinejoin="round"
            />
          </svg>
          {t("bench.filter")}
        </>
      }
    >
      {(close) => (
        <Suspense>
          <FilterForm
            search={search}
            onShow={(next) => {
              close();
              void navigate({ to: "/bench", search: next });
            }}
          />
        </Suspense>
      )}
    </CardButton>
  );
}

function chipsOf(search: BenchSearch, t: Translate, when: (at: string) => string): Chip[] {
  const without = (name: keyof BenchSearch): BenchSearch => {
    const { [name]: _, ...rest } = search;
    return rest;
  };
  const fewer = (labels: string[]): BenchSearch => {
    const { label: _, ...rest } = search;
    return labels.length > 0 ? { ...rest, label: labels } : rest;
  };
  const chips: Chip[] = [];
  if (search.state) {
    const value = search.state.map((state) => t(`state.${state}`)).join(", ");
    chips.push({ name: t("bench.state"), value, without: without("state") });
  }
  if (search.type) chips.push({ name: t("bench.filter.type"), value: search.type, without: without("type") });
  if (search.assignee) chips.push({ name: t("bench.assignee"), value: search.assignee, without: without("assignee") });
  if (search.created_by) {
    chips.push({ name: t("bench.filter.created_by"), value: search.created_by, without: without("created_by") });
  }
  for (const label of search.label ?? []) {
    const colon = label.indexOf(":");
    const rest = (search.label ?? []).filter((each) => each !== label);
    chips.push({ name: label.slice(0, colon), value: label.slice(colon + 1), without: fewer(rest) });
  }
  if (search.due_before) {
    chips.push({ name: t("bench.filter.due_before"), value: when(search.due_before), without: without("due_before") });
  }
  if (search.overdue) chips.push({ name: t("bench.due"), value: t("bench.overdue"), without: without("overdue") });
  if (search.quarantined) {
    chips.push({ name: "", value: t("bench.view.quarantined"), without: without("quarantined") });
  }
  return chips;
}
