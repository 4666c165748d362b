import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Button, Dialog, DialogTrigger, FieldError, Form, Input, Label, Popover, TextField } from "react-aria-components";

import { Icon } from "../../parts/Icon";
import { type Translate, useLanguage, useT } from "../../i18n";
import { usePreferences } from "../../preferences";
import { absolute } from "../../time/time";
import type { BenchSearch } from "./search";

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
    <DialogTrigger>
      <Button className="button-plain">
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
      </Button>
      <Popover className="popover" placement="bottom end">
        <Dialog className="filter-card" aria-label={t("bench.filters")}>
          {({ close }) => (
            <FilterForm
              search={search}
              onShow={(next) => {
                close();
                void navigate({ to: "/bench", search: next });
              }}
            />
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
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

/** Each field is one filter; an empty one is none. */
function FilterForm({ search, onShow }: { search: BenchSearch; onShow: (search: BenchSearch) => void }) {
  const t = useT();
  const [label, setLabel] = useState("");
  const [assignee, setAssignee] = useState(search.assignee ?? "");
  const [createdBy, setCreatedBy] = useState(search.created_by ?? "");
  const [type, setType] = useState(search.type ?? "");
  const [due, setDue] = useState(search.due_before?.slice(0, 16) ?? "");
  const isBad = label !== "" && !/^[a-z0-9._-]{1,32}:.{1,64}$/.test(label);
  const submit = () => {
    if (isBad) return;
    const { assignee: _a, created_by: _c, type: _t, due_before: _d, order: _o, ...rest } = search;
    const next: BenchSearch = { ...rest };
    if (label !== "") next.label = [...new Set([...(search.label ?? []), label])];
    if (assignee.trim() !== "") next.assignee = assignee.trim();
    if (createdBy.trim() !== "") next.created_by = createdBy.trim();
    if (type.trim() !== "") next.type = type.trim();
    if (due !== "") next.due_before = new Date(due).toISOString();
    onShow(next);
  };
  return (
    <Form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextField className="field" autoFocus value={label} onChange={setLabel} isInvalid={isBad}>
        <Label>{t("bench.filter.label")}</Label>
        <Input placeholder="batch:B-012" spellCheck={false} />
        <FieldError className="field-bad">{t("bench.filter.label.bad")}</FieldError>
      </TextField>
      <TextField className="field" value={assignee} onChange={setAssignee}>
        <Label>{t("bench.assignee")}</Label>
        <Input spellCheck={false} />
      </TextField>
      <TextField className="field" value={createdBy} onChange={setCreatedBy}>
        <Label>{t("bench.filter.created_by")}</Label>
        <Input spellCheck={false} />
      </TextField>
      <TextField className="field" value={type} onChange={setType}>
        <Label>{t("bench.filter.type")}</Label>
        <Input placeholder="sample-analysis" spellCheck={false} />
      </TextField>
      <TextField className="field" value={due} onChange={setDue}>
        <Label>{t("bench.filter.due_before")}</Label>
        <Input type="datetime-local" />
      </TextField>
      <Button type="submit" className="button button-first">
        {t("bench.filter.apply")}
      </Button>
    </Form>
  );
}
