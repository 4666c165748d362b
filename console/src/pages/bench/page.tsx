/** The bench: what waits, and moving it. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useMemo, useRef, useState } from "react";

import "./bench.css";
import type { State, Summary } from "../../api/client";
import { useClient } from "../../api/context";
import { MOVES, TARGETS } from "../../api/lifecycle";
import { usePermitted } from "../../api/permitted";
import { countsQuery } from "../../api/queries";
import { useT, withMessages } from "../../i18n";
import { useShortcuts, useShortcutsHeld } from "../../keys/keys";
import { Button } from "../../parts/Button";
import { focusRows } from "../../parts/Grid";
import { afterPaint } from "../../parts/afterPaint";
import { PageHead } from "../../parts/PageHead";
import { Pager } from "../../parts/Pager";
import { ProblemNote } from "../../parts/ProblemNote";
import { arriving } from "../../parts/arrival";
import { AddFilter, FilterChips } from "./Filters";
import { NoRows } from "./NoRows";
import { Rows } from "./Rows";
import { SelectionBar } from "./SelectionBar";
import { StateTiles } from "./StateTiles";
import { Views } from "./Views";
import type { Item } from "./act";
import { csvOf, listQuery } from "./list";
import { arrived, leaveFrom, placeAt } from "./place";
import type { BenchSearch } from "./search";
import { addressOf } from "./views";

const loadActSheet = () => withMessages(import("./ActSheet"));
const ActSheet = lazy(() => arriving(loadActSheet()));
const NO_ROWS: readonly Summary[] = [];

export default function BenchPage() {
  const search = useSearch({ from: "/bench" });
  // Another view begins on its first page, with nothing selected.
  return <Bench key={addressOf(search)} search={search} />;
}

function Bench({ search }: { search: BenchSearch }) {
  const t = useT();
  const navigate = useNavigate();
  const counts = useQuery(countsQuery(useClient())).data;
  // Back from a workflow, the person is where they were.
  const [place] = useState(() => placeAt(search));
  useEffect(() => arrived(search), [search]);
  const { list, rows, cursors, next, turn } = usePages(search, place?.cursors ?? []);
  const { selected, select, chosen, acting, begin, act, close } = useActing(rows);
  const open = (id: string) => {
    leaveFrom({ search, cursors, row: id });
    void navigate({ to: "/workflow/$id", params: { id }, search: {} });
  };
  const go = (to: readonly string[]) => {
    turn(to);
    select(new Set());
  };
  const forward = () => {
    if (next !== undefined && !list.isPlaceholderData) go([...cursors, next]);
  };
  const back = () => go(cursors.slice(0, -1));
  useKeys(acting !== undefined, { act, forward, back });
  // It is wanted soon, and the first page does not wait for it.
  useEffect(() => afterPaint(loadActSheet), []);
  const isFirst = rows.length === 0 && list.isSuccess && addressOf(search) === "" && cursors.length === 0;
  return (
    <div className="bench">
      <PageHead title={t("bench.title")} aside={counts && <span className="quiet">{t("bench.total", { count: counts.total })}</span>}>
        <StateTiles search={search} counts={counts?.counts} />
        <div className="bench-line">
          <Views search={search} />
          <AddFilter search={search} />
          <CopyCsv rows={chosen.length > 0 ? chosen : rows} />
        </div>
        <FilterChips search={search} />
      </PageHead>
      {list.error !== null && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      <div className="room">
        {rows.length > 0 || list.isPending ? (
          <Rows
            rows={rows}
            search={search}
            isBusy={list.isPending || list.isPlaceholderData}
            selected={selected}
            onSelect={select}
            onOpen={open}
            onAct={act}
            begin={place?.row}
          />
        ) : (
          list.isSuccess && <NoRows isFirst={isFirst} />
        )}
        <footer className="bench-foot">
          {chosen.length > 0 ? (
            <SelectionBar rows={chosen} onAct={begin} onClear={() => select(new Set())} />
          ) : (
            <>
              <span className="quiet">{t("bench.rows", { count: rows.length })}</span>
              <Pager page={cursors.length + 1} hasNext={next !== undefined} onNext={forward} onBack={back} />
            </>
          )}
        </footer>
      </div>
      <Suspense>{acting !== undefined && <ActSheet {...acting} onClose={close} />}</Suspense>
    </div>
  );
}

/** One page of the list, and the cursors that lead to it. */
function usePages(search: BenchSearch, begin: readonly string[]) {
  const [cursors, turn] = useState(begin);
  const list = useQuery(listQuery(useClient(), search, cursors.at(-1)));
  return { list, rows: list.data?.items ?? NO_ROWS, cursors, next: list.data?.next_cursor, turn };
}

/** The rows that the person selected, and what they decide on. */
function useActing(rows: readonly Summary[]) {
  const permitted = usePermitted(useClient());
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [acting, setActing] = useState<{ items: readonly Item[]; target?: State | undefined }>();
  const chosen = useMemo(() => rows.filter((row) => selected.has(row.workflow_id)), [rows, selected]);
  const begin = (target?: State) => setActing({ items: chosen.map(itemOf), target });
  const act = () => {
    // Where nothing can succeed, the bar says why.
    if (TARGETS.some((target) => permitted.move(target) && chosen.some((row) => MOVES[row.current_state].includes(target)))) begin();
  };
  const close = (stillSelected?: readonly string[]) => {
    setActing(undefined);
    if (stillSelected !== undefined) select(new Set(stillSelected));
    focusRows();
  };
  return { selected, select, chosen, acting, begin, act, close };
}

function useKeys(isHeld: boolean, { act, forward, back }: Record<"act" | "forward" | "back", () => void>): void {
  useShortcutsHeld(isHeld);
  useShortcuts([
    { keys: "j", label: "bench.key.down", group: "page", run: focusRows },
    { keys: "k", label: "bench.key.up", group: "page", run: focusRows },
    { keys: "x", label: "bench.key.select", group: "page" },
    { keys: "Enter", label: "bench.key.open", group: "page" },
    { keys: "e", label: "bench.key.act", group: "page", run: act },
    { keys: "]", label: "bench.next", group: "page", run: forward },
    { keys: "[", label: "bench.previous", group: "page", run: back },
  ]);
}

function itemOf(row: Summary): Item {
  return { workflowId: row.workflow_id, version: row.published_version, state: row.current_state };
}

function CopyCsv({ rows }: { rows: readonly Summary[] }) {
  const t = useT();
  const [done, setDone] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = () => {
    void navigator.clipboard.writeText(csvOf(rows)).then(() => {
      setDone(rows.length);
      timer.current = setTimeout(() => setDone(0), 2500);
    });
  };
  return (
    <Button className="button-plain" onPress={copy} isDisabled={rows.length === 0}>
      <span aria-live="polite">{done > 0 ? t("bench.csv.done", { count: done }) : t("bench.csv")}</span>
    </Button>
  );
}
