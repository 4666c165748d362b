/** The rows: dense, with the keyboard of a grid and the letters that people know from mail. */
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo } from "react";
import {
  Cell,
  Checkbox,
  Column,
  Row,
  type Selection,
  type SortDescriptor,
  Table,
  TableBody,
  TableHeader,
} from "react-aria-components";

import type { Summary } from "../../api/client";
import { useT } from "../../i18n";
import { Mark } from "../../parts/Mark";
import { Instant } from "../../time/Instant";
import { orderOf } from "./list";
import type { BenchSearch, Order } from "./search";

const SORTS: Record<Order, SortDescriptor> = {
  created: { column: "created", direction: "descending" },
  updated: { column: "updated", direction: "descending" },
  due: { column: "due", direction: "ascending" },
};

/** Puts the keyboard into the rows, where it was or on the first one. */
export function focusRows(): void {
  const grid = document.querySelector<HTMLElement>(".rows [role=grid]");
  const row = grid?.querySelector<HTMLElement>("[role=row][tabindex='0'][data-key]") ?? grid?.querySelector<HTMLElement>("tbody [role=row]");
  (row ?? grid)?.focus();
}

interface Props {
  rows: readonly Summary[];
  search: BenchSearch;
  isBusy: boolean;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onToggle: (id: string) => void;
  onOpen: (id: string) => void;
  onAct: () => void;
}

export function Rows({ rows, search, isBusy, selected, onSelect, onToggle, onOpen, onAct }: Props) {
  const t = useT();
  const navigate = useNavigate();
  const select = (keys: Selection) => {
    onSelect(keys === "all" ? new Set(rows.map((row) => row.workflow_id)) : new Set([...keys].map(String)));
  };
  // One type on the page is said once, above.
  const isMixed = rows.some((row) => row.workflow_type !== rows[0]?.workflow_type);
  const names = labelOrder(rows).join(" ");
  const order = useMemo(() => names.split(" "), [names]);
  // The order is the service's: it has one direction each, and only one with labels.
  const isFixed = search.label !== undefined || search.quarantined !== undefined;
  const sort = ({ column }: SortDescriptor) => {
    void navigate({ to: "/bench", search: { ...search, order: column as Order } });
  };
  return (
    <div
      className="rows"
      aria-busy={isBusy}
      onKeyDownCapture={(event) => heard(event, { onOpen, onAct, onToggle })}
    >
      <Table
        aria-label={t("bench.table")}
        className="grid"
        selectionMode="multiple"
        selectionBehavior="toggle"
        selectedKeys={selected}
        onSelectionChange={select}
        sortDescriptor={SORTS[orderOf(search)]}
        onSortChange={sort}
      >
        <TableHeader>
          <Column className="col-check">
            <Check />
          </Column>
          <Column className="col-state">{t("bench.state")}</Column>
          <Column isRowHeader className={isMixed ? "col-id col-id-mixed" : "col-id"}>
            {t("bench.workflow")}
          </Column>
          <Column className="col-labels">{t("bench.labels")}</Column>
          <Column className="col-assignee">{t("bench.assignee")}</Column>
          <Column id="due" className="col-time" allowsSorting={!isFixed}>
            <Sortable name={t("bench.due")} isSorted={orderOf(search) === "due"} sign="↑" />
          </Column>
          <Column id="created" className="col-time" allowsSorting={!isFixed}>
            <Sortable name={t("bench.age")} isSorted={orderOf(search) === "created"} sign="↓" />
          </Column>
          <Column id="updated" className="col-time col-updated" allowsSorting={!isFixed}>
            <Sortable name={t("bench.updated")} isSorted={orderOf(search) === "updated"} sign="↓" />
          </Column>
        </TableHeader>
        <TableBody items={rows} dependencies={[order, isMixed]}>
          {(row) => (
            <Row id={row.workflow_id} textValue={row.workflow_id} className="row">
              <Cell className="col-check">
                <Tick />
              </Cell>
              <Cell className="col-state">
                <Mark state={row.current_state} />
              </Cell>
              <Cell className="col-id">
                <RowLink id={row.workflow_id} onOpen={onOpen} />
                {isMixed && <span className="row-type">{row.workflow_type}</span>}
              </Cell>
              <Cell className="col-labels">
                <RowLabels labels={row.labels} order={order} />
              </Cell>
              <Cell className="col-assignee">{row.assignee ?? <span className="quiet">–</span>}</Cell>
              <Cell className="col-time">
                <Due row={row} />
              </Cell>
              <Cell className="col-time">
                <Instant at={row.created_at} narrow />
              </Cell>
              <Cell className="col-time col-updated">
                <Instant at={row.updated_at} narrow />
              </Cell>
            </Row>
          )}
        </TableBody>
      </Table>
    </div>
  );
}

interface Habits {
  onOpen: (id: string) => void;
  onAct: () => void;
  onToggle: (id: string) => void;
}

const STEPS: Record<string, number> = { j: 1, J: 1, k: -1, K: -1 };

/** The letters, before the grid takes them for the beginning of a name. */
function heard(event: KeyboardEvent, { onOpen, onAct, onToggle }: Habits): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
  const row = event.target.closest("tbody [role=row]");
  const id = row?.getAttribute("data-key") ?? undefined;
  const step = STEPS[event.key];
  if (step !== undefined) stepFrom(row, step, event.shiftKey ? onToggle : undefined);
  else if (event.key === "e") onAct();
  else if (event.key === "x" && id !== undefined) onToggle(id);
  else if (event.key === "Enter" && id !== undefined && event.target.tagName !== "A") onOpen(id);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** To the row above or below; with Shift it is selected as well. */
function stepFrom(row: Element | null, step: number, onToggle: ((id: string) => void) | undefined): void {
  const next = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  if (!(next instanceof HTMLElement)) {
    if (row === null) focusRows();
    return;
  }
  next.focus();
  const id = next.getAttribute("data-key");
  if (id !== null && next.getAttribute("aria-selected") !== "true") onToggle?.(id);
}

/** A plain link: a hundred links that watch the router cost more than the rows. */
function RowLink({ id, onOpen }: { id: string; onOpen: (id: string) => void }) {
  return (
    <a
      className="row-id"
      href={`/workflow/${encodeURIComponent(id)}`}
      tabIndex={-1}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onOpen(id);
      }}
    >
      {id}
    </a>
  );
}

/** All or none; the one of the head. */
function Check() {
  return (
    <Checkbox slot="selection" className="check">
      <Tick />
    </Checkbox>
  );
}

/** A row is selected as a whole, and says so itself: its tick is a picture; a hundred controls would slow the page. */
function Tick() {
  return (
    <svg className="tick" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <rect x="1.5" y="1.5" width="13" height="13" rx="3" />
      <path className="check-tick" d="m4.6 8.3 2.3 2.3 4.5-5" />
      <path className="check-some" d="M4.8 8h6.4" />
    </svg>
  );
}

function Sortable({ name, isSorted, sign }: { name: string; isSorted: boolean; sign: string }) {
  return (
    <>
      {name} {isSorted && <span aria-hidden="true">{sign}</span>}
    </>
  );
}

/** The label that tells most rows apart comes first. */
export function labelOrder(rows: readonly Summary[]): string[] {
  const values = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row.labels ?? {})) {
      values.set(name, (values.get(name) ?? new Set()).add(value));
    }
  }
  return [...values].sort(([, a], [, b]) => b.size - a.size).map(([name]) => name);
}

function RowLabels({ labels = {}, order }: { labels: Summary["labels"]; order: readonly string[] }) {
  const shown = order.flatMap((name) => {
    const value = labels[name];
    return value === undefined ? [] : [{ name, value }];
  });
  return (
    <span className="row-labels">
      {shown.map(({ name, value }) => (
        <span key={name} className="row-label" title={`${name}: ${value}`}>
          <span className="row-label-name">{name}</span> {value}
        </span>
      ))}
    </span>
  );
}

function Due({ row }: { row: Summary }) {
  const t = useT();
  if (row.due_at === undefined) return <span className="quiet">–</span>;
  if (row.overdue !== true) return <Instant at={row.due_at} narrow />;
  return (
    <span className="overdue">
      <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
        <path d="M8 1.6 15.2 14H.8z" fill="currentColor" />
        <path d="M8 6v4M8 11.2v1.4" stroke="var(--surface)" strokeWidth="1.5" />
      </svg>
      <Instant at={row.due_at} narrow />
      <span className="visually-hidden">{t("bench.overdue")}</span>
    </span>
  );
}
