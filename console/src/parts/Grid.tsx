/** Rows that are selected and opened by keyboard or mouse: a plain table, because a hundred rows must be there at once. */
import { type FocusEvent, type KeyboardEvent, type MouseEvent, type ReactNode, memo, useLayoutEffect, useRef, useState } from "react";

import { useT } from "../i18n";
import { areShortcutsHeld } from "../keys/keys";

export interface Column<Row> {
  id: string;
  className: string;
  name?: string;
  isRowHeader?: boolean;
  /** The service gives this order; `sorted` says whether it is the one that is shown. */
  sort?: { direction: "ascending" | "descending"; isShown: boolean; onSort: () => void } | undefined;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  idOf: (row: Row) => string;
  /** The same array while nothing about the columns changes. */
  columns: readonly Column<Row>[];
  isBusy: boolean;
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onOpen: (id: string) => void;
  onAct: () => void;
  /** The row that has the keyboard when the rows are there first. */
  begin?: string | undefined;
}

const LEAP = 10;
const STEPS: Record<string, number> = {
  j: 1,
  J: 1,
  k: -1,
  K: -1,
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: LEAP,
  PageUp: -LEAP,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** Puts the keyboard into the rows, where it was or on the first one. */
export function focusRows(): void {
  document.querySelector<HTMLElement>(".rows tbody tr[tabindex='0']")?.focus();
}

export function Grid<Row>({ label, rows, idOf, columns, isBusy, selected, onSelect, onOpen, onAct, begin }: Props<Row>) {
  const ids = rows.map(idOf);
  const { at, body } = useRows({ ids, selected, onSelect, onOpen, onAct, begin });
  const isAll = ids.length > 0 && ids.every((id) => selected.has(id));
  return (
    <div className="rows" aria-busy={isBusy}>
      <table className="grid" role="grid" aria-label={label} aria-multiselectable="true">
        <thead>
          <tr>
            <th className="col-check" scope="col">
              <AllRows
                isAll={isAll}
                isSome={!isAll && ids.some((id) => selected.has(id))}
                onChange={(all) => onSelect(all ? new Set(ids) : new Set())}
              />
            </th>
            {columns.map((column) => (
              <Head key={column.id} column={column} />
            ))}
          </tr>
        </thead>
        <tbody {...body}>
          {rows.map((row, index) => {
            const id = idOf(row);
            return (
              <Line
                key={id}
                id={id}
                row={row}
                columns={columns as readonly Column<unknown>[]}
                isSelected={selected.has(id)}
                isCurrent={index === at}
              />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

type RowsProps = Pick<Props<never>, "selected" | "onSelect" | "onOpen" | "onAct" | "begin"> & { ids: readonly string[] };

/** The row that has the keyboard, and what keys and presses do with the rows. */
function useRows({ ids, selected, onSelect, onOpen, onAct, begin }: RowsProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [current, setCurrent] = useState(begin);
  const anchor = useRef<string>(undefined);
  const at = Math.max(0, ids.indexOf(current ?? ""));
  // Another page takes the rows away, and the keyboard with them.
  const hadKeyboard = body.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (hadKeyboard && !(body.current?.contains(document.activeElement) ?? false)) focusRows();
  });
  const isThere = begin !== undefined && begin !== "" && ids.includes(begin);
  useLayoutEffect(() => {
    if (isThere) focusRows();
  }, [isThere]);
  const focus = (index: number) => {
    const row = body.current?.children[Math.min(Math.max(index, 0), ids.length - 1)];
    if (row instanceof HTMLElement) row.focus();
  };
  const toggle = (id: string) => {
    anchor.current = id;
    onSelect(toggled(selected, id));
  };
  const extend = (from: string, to: string) => onSelect(new Set([...selected, ...between(ids, from, to)]));
  const heard = (event: KeyboardEvent<HTMLElement>) => {
    if (areShortcutsHeld() || event.altKey || !(event.target instanceof HTMLElement) || event.target.closest("tbody") === null) return;
    const id = ids[at];
    const step = STEPS[event.key];
    if (id === undefined) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a") return;
      onSelect(new Set(ids));
    } else if (step !== undefined) {
      const next = ids[Math.min(Math.max(at + step, 0), ids.length - 1)];
      if (event.shiftKey && next !== undefined) extend(id, next);
      focus(at + step);
    } else if (event.key === "e") onAct();
    else if (event.key === "x" || event.key === " ") toggle(id);
    else if (event.key === "Enter" && event.target.tagName !== "A") onOpen(id);
    else if (event.key === "Escape" && selected.size > 0) onSelect(new Set());
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const pressed = (event: MouseEvent<HTMLElement>) => {
    const target = event.target as HTMLElement;
    const id = target.closest("tr")?.dataset.key;
    // A link opens, and a person who marks a text to copy it selects no row.
    if (id === undefined || target.closest("a,button") !== null || window.getSelection()?.isCollapsed === false) return;
    if (event.shiftKey && anchor.current !== undefined) extend(anchor.current, id);
    else toggle(id);
  };
  return {
    at,
    body: {
      ref: body,
      onKeyDown: heard,
      onClick: pressed,
      onMouseDown: (event: MouseEvent) => event.shiftKey && event.preventDefault(),
      onFocus: (event: FocusEvent<HTMLElement>) => setCurrent(event.target.closest("tr")?.dataset.key),
    },
  };
}

export function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(before);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Both ends and what is between them, whichever comes first; an end that is not there is none. */
export function between(ids: readonly string[], from: string, to: string): readonly string[] {
  const ends = [ids.indexOf(from), ids.indexOf(to)].filter((index) => index >= 0);
  return ends.length === 0 ? [] : ids.slice(Math.min(...ends), Math.max(...ends) + 1);
}

function AllRows({ isAll, isSome, onChange }: { isAll: boolean; isSome: boolean; onChange: (all: boolean) => void }) {
  const t = useT();
  return (
    <label className="check" data-selected={isAll || undefined} data-indeterminate={isSome || undefined}>
      <input
        type="checkbox"
        className="visually-hidden"
        aria-label={t("grid.all")}
        checked={isAll}
        ref={(box) => {
          if (box !== null) box.indeterminate = isSome;
        }}
        onChange={(event) => onChange(event.target.checked)}
      />
      <Tick />
    </label>
  );
}

function Head<Row>({ column }: { column: Column<Row> }) {
  const { name, className, sort } = column;
  if (sort === undefined) {
    return (
      <th scope="col" className={className}>
        {name}
      </th>
    );
  }
  return (
    <th scope="col" className={className} aria-sort={sort.isShown ? sort.direction : "none"}>
      <button type="button" className="th-sort" onClick={sort.onSort}>
        {name} {sort.isShown && <span aria-hidden="true">{sort.direction === "ascending" ? "↑" : "↓"}</span>}
      </button>
    </th>
  );
}

interface LineProps {
  id: string;
  row: unknown;
  columns: readonly Column<unknown>[];
  isSelected: boolean;
  isCurrent: boolean;
}

/** Drawn again when it changed itself, and not with the ninety-nine others. */
const Line = memo(function Line({ id, row, columns, isSelected, isCurrent }: LineProps) {
  return (
    <tr
      className="row"
      data-key={id}
      data-selected={isSelected || undefined}
      aria-selected={isSelected}
      tabIndex={isCurrent ? 0 : -1}
    >
      <td className="col-check">
        <Tick />
      </td>
      {columns.map(({ id: name, className, isRowHeader, cell }) =>
        isRowHeader === true ? (
          <th key={name} scope="row" className={className}>
            {cell(row)}
          </th>
        ) : (
          <td key={name} className={className}>
            {cell(row)}
          </td>
        ),
      )}
    </tr>
  );
});

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
