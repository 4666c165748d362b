/** The rows of the bench: what each column says of a workflow. */
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef } from "react";

import type { Summary } from "../../api/client";
import { useT } from "../../i18n";
import { type Column, Grid } from "../../parts/Grid";
import { Mark } from "../../parts/Mark";
import { Instant } from "../../time/Instant";
import { orderOf } from "./list";
import type { BenchSearch, Order } from "./search";

interface Props {
  rows: readonly Summary[];
  search: BenchSearch;
  isBusy: boolean;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onOpen: (id: string) => void;
  onAct: () => void;
  /** The row that has the keyboard when the rows are there first. */
  begin?: string | undefined;
}

export function Rows({ rows, search, isBusy, selected, onSelect, onOpen, onAct, begin }: Props) {
  const t = useT();
  const columns = useColumns(rows, search, onOpen);
  return (
    <Grid
      label={t("bench.table")}
      rows={rows}
      idOf={idOf}
      columns={columns}
      isBusy={isBusy}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
      onAct={onAct}
      begin={begin}
    />
  );
}

function idOf(row: Summary): string {
  return row.workflow_id;
}

function useColumns(rows: readonly Summary[], search: BenchSearch, onOpen: (id: string) => void) {
  const t = useT();
  const navigate = useNavigate();
  const open = useRef(onOpen);
  open.current = onOpen;
  // One type on the page is said once, above.
  const isMixed = rows.some((row) => row.workflow_type !== rows[0]?.workflow_type);
  const names = labelOrder(rows).join(" ");
  return useMemo((): Column<Summary>[] => {
    const order = names.split(" ");
    // The order is the service's: it has one direction each, and only one with labels.
    const isFixed = search.label !== undefined || search.quarantined !== undefined;
    const sort = (by: Order, direction: "ascending" | "descending") =>
      isFixed
        ? undefined
        : {
            direction,
            isShown: orderOf(search) === by,
            onSort: () => void navigate({ to: "/bench", search: { ...search, order: by } }),
          };
    return [
      { id: "state", className: "col-state", name: t("bench.state"), cell: (row) => <Mark state={row.current_state} /> },
      {
        id: "id",
        className: isMixed ? "col-id col-id-mixed" : "col-id",
        name: t("bench.workflow"),
        isRowHeader: true,
        cell: (row) => (
          <>
            <RowLink id={row.workflow_id} onOpen={(id) => open.current(id)} />
            {isMixed && <span className="row-type">{row.workflow_type}</span>}
          </>
        ),
      },
      {
        id: "labels",
        className: "col-labels",
        name: t("bench.labels"),
        cell: (row) => <RowLabels labels={row.labels} order={order} />,
      },
      {
        id: "assignee",
        className: "col-assignee",
        name: t("bench.assignee"),
        cell: (row) => row.assignee ?? <span className="quiet">–</span>,
      },
      { id: "due", className: "col-time", name: t("bench.due"), sort: sort("due", "ascending"), cell: (row) => <Due row={row} /> },
      {
        id: "created",
        className: "col-time col-when",
        name: t("bench.age"),
        sort: sort("created", "descending"),
        cell: (row) => <Instant at={row.created_at} narrow />,
      },
      {
        id: "updated",
        className: "col-time col-when col-updated",
        name: t("bench.updated"),
        sort: sort("updated", "descending"),
        cell: (row) => <Instant at={row.updated_at} narrow />,
      },
    ];
  }, [isMixed, names, navigate, search, t]);
}

/** A plain link: a hundred links that watch the router cost more than the rows. */
export function RowLink({ id, onOpen }: { id: string; onOpen: (id: string) => void }) {
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

export function RowLabels({ labels = {}, order }: { labels: Summary["labels"]; order: readonly string[] }) {
  const shown = order.flatMap((name) => {
    const value = labels[name];
    return value === undefined ? [] : [{ name, value }];
  });
  return (
    <span className="row-labels" title={shown.map(({ name, value }) => `${name}: ${value}`).join(", ")}>
      {shown.map(({ name, value }) => (
        <span key={name} className="row-label">
          <span className="row-label-name">{name}</span> {value}
        </span>
      ))}
    </span>
  );
}

export function Due({ row }: { row: Summary }) {
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
