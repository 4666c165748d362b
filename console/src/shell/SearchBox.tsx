/** The search: a sample, a label, a person or a workflow, from any page. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { ComboBox, Input, ListBox, ListBoxItem, Popover } from "react-aria-components";

import type { Schemas } from "../api/client";
import { keys } from "../api/queries";
import { useT } from "../i18n";
import { Localized } from "../parts/Localized";
import { SEARCH, searchIsThere } from "./focus";
import { type Known, type Suggestion, atOnce, suggestions } from "./suggestions";

export default function SearchBox() {
  return (
    <Localized>
      <Search />
    </Localized>
  );
}

function Search() {
  const t = useT();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  useEffect(searchIsThere, []);
  const found = useMemo(() => suggestions(text, knownFrom(queries.getQueriesData({ queryKey: keys.lists }))), [queries, text]);
  const go = (suggestion: Suggestion) => {
    setText("");
    document.getElementById("content")?.focus();
    if (suggestion.kind === "workflow") {
      void navigate({ to: "/workflow/$id", params: { id: suggestion.workflowId }, search: {} });
    } else if (suggestion.kind === "assignee") {
      void navigate({ to: "/bench", search: { assignee: suggestion.assignee } });
    } else {
      void navigate({ to: "/bench", search: { label: [`${suggestion.name}:${suggestion.value}`] } });
    }
  };
  const first = atOnce(found, text);
  return (
    <ComboBox<Suggestion>
      className="search"
      aria-label={t("search.label")}
      items={found}
      inputValue={text}
      onInputChange={setText}
      selectedKey={null}
      allowsEmptyCollection={false}
      defaultFilter={() => true}
      onSelectionChange={(key) => {
        const chosen = found.find(({ id }) => id === key);
        if (chosen !== undefined) go(chosen);
      }}
      allowsCustomValue
      menuTrigger="input"
    >
      <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
        <path d="M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.4 10.4 14 14" />
      </svg>
      <Input
        id={SEARCH}
        placeholder={t("search.placeholder")}
        autoComplete="off"
        spellCheck={false}
        onKeyDown={(event) => {
          const isChosen = event.currentTarget.getAttribute("aria-activedescendant") !== null;
          if (event.key === "Enter" && !isChosen && first !== undefined) go(first);
          if (event.key === "Escape") {
            setText("");
            document.getElementById("content")?.focus();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
      <Popover className="popover search-popover" offset={4}>
        <ListBox<Suggestion> className="menu">
          {(suggestion) => (
            <ListBoxItem id={suggestion.id} textValue={suggestion.id} className="menu-item">
              <SuggestionText suggestion={suggestion} />
              {!suggestion.isSeen && <span className="quiet menu-note">{t("search.exact")}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

function SuggestionText({ suggestion }: { suggestion: Suggestion }) {
  const t = useT();
  switch (suggestion.kind) {
    case "workflow":
      return (
        <>
          <span className="quiet">{t("search.open")}</span> <code>{suggestion.workflowId}</code>
        </>
      );
    case "assignee":
      return (
        <>
          <span className="quiet">{t("search.assignee")}</span> {suggestion.assignee}
        </>
      );
    case "label":
      return (
        <>
          <span className="quiet">{t("search.with", { name: suggestion.name })}</span> <code>{suggestion.value}</code>
        </>
      );
  }
}

/** What the lists of this session showed. */
function knownFrom(lists: readonly (readonly [unknown, unknown])[]): Known {
  const workflowIds = new Set<string>();
  const labels = new Set<string>();
  const assignees = new Set<string>();
  const names = new Map<string, Set<string>>();
  for (const [, list] of lists) {
    const items = (list as Schemas["WorkflowList"] | undefined)?.items ?? [];
    for (const item of items) {
      workflowIds.add(item.workflow_id);
      if (item.assignee !== undefined) assignees.add(item.assignee);
      for (const [name, value] of Object.entries(item.labels ?? {})) {
        labels.add(`${name}:${value}`);
        names.set(name, (names.get(name) ?? new Set()).add(value));
      }
    }
  }
  // The name with the most values is the one that tells samples apart.
  const labelNames = [...names].sort(([, a], [, b]) => b.size - a.size).map(([name]) => name);
  return { workflowIds, labelNames: labelNames.length > 0 ? labelNames : ["sample"], labels, assignees };
}
