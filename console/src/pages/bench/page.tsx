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
  const client = useClient();
  const navigate = useNavigate();
  const counts = useQuery(countsQuery(client));
  // Back from a workflow, the person is where they were.
  const [place] = useState(() => placeAt(search));
  useEffect(() => arrived(search), [search]);
  const [cursors, setCursors] = useState<readonly string[]>(place?.cursors ?? []);
  const list = useQuery(listQuery(client, search, cursors.at(-1)));
  const rows = list.data?.items ?? NO_ROWS;
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [acting, setActing] = useState<{ items: readonly Item[]; target?: State }>();
  const chosen = useMemo(() => rows.filter((row) => selected.has(row.workflow_id)), [rows, selected]);
  const permitted = usePermitted(client);
  const act = () => {
    const isPossible = TARGETS.some((target) => permitted.move(target) && chosen.some((row) => MOVES[row.current_state].includes(target)));
    // Where nothing can succeed, the bar says why.
    if (isPossible) setActing({ items: chosen.map(itemOf) });
  };
  const open = (id: string) => {
    leaveFrom({ search, cursors, row: id });
    void navigate({ to: "/workflow/$id", params: { id }, search: {} });
  };
  const next = list.data?.next_cursor;
  const turn = (to: readonly string[]) => {
    setCursors(to);
    setSelected(new Set());
  };
  const forward = () => {
    if (next !== undefined && !list.isPlaceholderData) turn([...cursors, next]);
  };
  const back = () => turn(cursors.slice(0, -1));
  useShortcutsHeld(acting !== undefined);
  useShortcuts([
    { keys: "j", label: "bench.key.down", group: "page", run: focusRows },
    { keys: "k", label: "bench.key.up", group: "page", run: focusRows },
    { keys: "x", label: "bench.key.select", group: "page" },
    { keys: "Enter", label: "bench.key.open", group: "page" },
    { keys: "e", label: "bench.key.act", group: "page", run: act },
    { keys: "]", label: "bench.next", group: "page", run: forward },
    { keys: "[", label: "bench.previous", group: "page", run: back },
  ]);
  // It is wanted soon, and the first page does not wait for it.
  useEffect(() => afterPaint(loadActSheet), []);
  const isFirst = rows.length === 0 && list.isSuccess && addressOf(search) === "" && cursors.length === 0;
  return (
    <div className="bench">
      <PageHead
        title={t("bench.title")}
        aside={counts.data && <span className="quiet">{t("bench.total", { count: counts.data.total })}</span>}
      >
        <StateTiles search={search} counts={counts.data?.counts} />
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
            onSelect={setSelected}
            onOpen={open}
            onAct={act}
            begin={place?.row}
          />
        ) : (
          list.isSuccess && <NoRows isFirst={isFirst} />
        )}
        <footer className="bench-foot">
          {chosen.length > 0 ? (
            <SelectionBar
              rows={chosen}
              onAct={(target) => setActing({ items: chosen.map(itemOf), target })}
              onClear={() => setSelected(new Set())}
            />
          ) : (
            <>
              <span className="quiet">{t("bench.rows", { count: rows.length })}</span>
              <Pager page={cursors.length + 1} hasNext={next !== undefined} onNext={forward} onBack={back} />
            </>
          )}
        </footer>
      </div>
      {acting !== undefined && (
        <Suspense>
          <ActSheet
            items={acting.items}
            target={acting.target}
            onClose={(stillSelected) => {
              setActing(undefined);
              if (stillSelected !== undefined) setSelected(new Set(stillSelected));
              focusRows();
            }}
          />
        </Suspense>
      )}
    </div>
  );
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
