/** Operate: what needs a person, and whether the machine keeps up. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";

import "../bench/bench.css";
import "./operate.css";
import type { Summary } from "../../api/client";
import { useClient } from "../../api/context";
import { failuresQuery } from "../../api/failures";
import { usePermitted } from "../../api/permitted";
import { countsQuery, useMay } from "../../api/queries";
import { useT } from "../../i18n";
import { useShortcuts, useShortcutsHeld } from "../../keys/keys";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { FilterLink } from "../../parts/FilterLink";
import { type Column, Grid, focusRows } from "../../parts/Grid";
import { Mark } from "../../parts/Mark";
import { PageHead } from "../../parts/PageHead";
import { Pager } from "../../parts/Pager";
import { ProblemNote } from "../../parts/ProblemNote";
import { Instant } from "../../time/Instant";
import { Due, RowLink, labelOrder, RowLabels } from "../bench/Rows";
import { Codes, FailureTold, type Failures, byCode } from "./Failed";
import { ManySheet } from "./ManySheet";
import ReleaseSheet from "./ReleaseSheet";
import { Today } from "./Today";
import { Down, Waits, isDown, readOf, troubleOf } from "./Waits";
import type { Recovery } from "./day";
import type { Work } from "./many";
import { listQuery, recoveriesQuery } from "./queries";
import { LISTS, type ListName } from "./search";

const NO_ROWS: readonly Summary[] = [];

export default function OperatePage() {
  const t = useT();
  const { list = "quarantined" } = useSearch({ from: "/operate" });
  const client = useClient();
  const may = useMay(client);
  const counts = useQuery(countsQuery(client));
  const quarantined = useQuery(listQuery(client, "quarantined", undefined));
  const mayAct = may("recoverWorkflow") || may("replayEvents") || may("releaseWorkflow");
  const isSaid = [counts, quarantined].some((query) => isDown(troubleOf(query)));
  return (
    <div className="operate">
      <PageHead title={t("operate.title")} />
      <Down queries={[counts, quarantined]} />
      <Today />
      {may("listWorkflows") && !mayAct && <p className="note note-warn">{t("operate.denied")}</p>}
      <section aria-label={t("operate.lists")}>
        <Lists shown={list} />
        {list === "recovering" ? <Recoveries key={list} isSaid={isSaid} /> : <Workflows key={list} list={list} isSaid={isSaid} />}
      </section>
    </div>
  );
}

/** The lists with how much is in each. */
function Lists({ shown }: { shown: ListName }) {
  const t = useT();
  const client = useClient();
  const quarantined = readOf(useQuery(listQuery(client, "quarantined", undefined)));
  const failed = readOf(useQuery(listQuery(client, "failed", undefined)));
  const overdue = readOf(useQuery(listQuery(client, "overdue", undefined)));
  const recovering = readOf(useRecoveries())?.length;
  const counted = (list: { items: unknown[]; next_cursor?: string } | undefined) =>
    list?.next_cursor === undefined ? list?.items.length : t("operate.more", { count: list.items.length });
  const counts = { quarantined: counted(quarantined), failed: counted(failed), overdue: counted(overdue), recovering };
  return (
    <nav className="views operate-lists" aria-label={t("operate.lists")}>
      <ul>
        {LISTS.map((name) => (
          <li key={name}>
            <FilterLink
              className="view"
              to="/operate"
              search={name === "quarantined" ? {} : { list: name }}
              current={name === shown ? "page" : undefined}
            >
              {t(`operate.list.${name}`)} <b>{counts[name] ?? "–"}</b>
            </FilterLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function useRecoveries() {
  const client = useClient();
  const may = useMay(client);
  return useQuery({ ...recoveriesQuery(client), enabled: may("listActivity") || may("listOwnActivity") });
}

interface WorkflowsProps {
  list: Exclude<ListName, "recovering">;
  /** The head of the page says already that the service is down. */
  isSaid: boolean;
}

function Workflows({ list, isSaid }: WorkflowsProps) {
  const client = useClient();
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const page = useQuery(listQuery(client, list, cursors.at(-1)));
  const items = page.data?.items ?? NO_ROWS;
  const failures = useQuery({ ...failuresQuery(client, items), enabled: list === "failed" && items.length > 0 }).data;
  const rows = useMemo(() => byCode(items, failures), [items, failures]);
  const next = page.data?.next_cursor;
  const columns = useWorkflowColumns(rows, list === "failed" ? failures : undefined);
  return (
    <>
      <div className={page.isPending ? "operate-waits" : undefined}>
        <Unread query={page} isSaid={isSaid} />
      </div>
      <Selected
        list={list}
        failures={list === "failed" ? failures : undefined}
        rows={page.isSuccess ? rows : undefined}
        idOf={(row) => row.workflow_id}
        columns={columns}
        isBusy={page.isPlaceholderData}
      />
      <Pager
        page={cursors.length + 1}
        hasNext={next !== undefined}
        onNext={() => next !== undefined && setCursors([...cursors, next])}
        onBack={() => setCursors(cursors.slice(0, -1))}
      />
    </>
  );
}

/** A list that has no answer says so where it would stand, unless the head of the page has said it for everything. */
function Unread({ query, isSaid }: { query: UseQueryResult; isSaid: boolean }) {
  const trouble = troubleOf(query);
  const wasSaid = useRef(isSaid);
  const { refetch } = query;
  // The retry at the head of the page asks for its own questions: once they have an answer, this one is asked too.
  useEffect(() => {
    if (wasSaid.current && !isSaid) void refetch();
    wasSaid.current = isSaid;
  }, [isSaid, refetch]);
  if (isSaid || !isDown(trouble)) return <Waits query={query} />;
  return <ProblemNote error={trouble} onRetry={() => void query.refetch()} />;
}

function useWorkflowColumns(rows: readonly Summary[], failures: Failures | undefined): Column<Summary>[] {
  const t = useT();
  const open = useOpen();
  const names = labelOrder(rows).join(" ");
  return useMemo(() => {
    const order = names.split(" ");
    const failure: Column<Summary> = {
      id: "failure",
      className: "col-failure",
      name: t("operate.failure"),
      cell: (row) => <FailureTold failure={failures?.get(row.workflow_id)} />,
    };
    const state: Column<Summary> = { id: "state", className: "col-state", name: t("bench.state"), cell: (row) => <Mark state={row.current_state} /> };
    return [
      // Of the failed, the state is no news.
      ...(failures === undefined ? [state] : []),
      {
        id: "id",
        className: "col-id",
        name: t("bench.workflow"),
        isRowHeader: true,
        cell: (row) => <RowLink id={row.workflow_id} onOpen={open} />,
      },
      ...(failures === undefined ? [] : [failure]),
      { id: "labels", className: "col-labels", name: t("bench.labels"), cell: (row) => <RowLabels labels={row.labels} order={order} /> },
      { id: "assignee", className: "col-assignee", name: t("bench.assignee"), cell: (row) => row.assignee ?? "–" },
      { id: "due", className: "col-time", name: t("bench.due"), cell: (row) => <Due row={row} /> },
      { id: "updated", className: "col-time", name: t("bench.updated"), cell: (row) => <Instant at={row.updated_at} narrow /> },
    ];
  }, [names, open, failures, t]);
}

function useOpen(): (id: string) => void {
  const navigate = useNavigate();
  return useMemo(() => (id) => void navigate({ to: "/workflow/$id", params: { id }, search: {} }), [navigate]);
}

function Recoveries({ isSaid }: { isSaid: boolean }) {
  const t = useT();
  const open = useOpen();
  const recoveries = useRecoveries();
  const columns = useMemo(
    (): Column<Recovery>[] => [
      { id: "outcome", className: "col-state", name: t("operate.ended"), cell: ({ attempt }) => t(`recovery.${attempt.status}`) },
      {
        id: "id",
        className: "col-id",
        name: t("bench.workflow"),
        isRowHeader: true,
        cell: ({ workflowId }) => <RowLink id={workflowId} onOpen={open} />,
      },
      {
        id: "why",
        className: "col-labels",
        name: t("act.why"),
        cell: ({ attempt }) => attempt.reasons?.map(({ message }) => message).join(" ") ?? attempt.error ?? attempt.reason,
      },
      {
        id: "trigger",
        className: "col-assignee",
        name: t("operate.trigger"),
        cell: ({ attempt }) => attempt.requested_by ?? (attempt.trigger && t(`operate.trigger.${attempt.trigger}`)),
      },
      { id: "at", className: "col-time", name: t("audit.at"), cell: ({ at }) => <Instant at={at} narrow /> },
    ],
    [open, t],
  );
  const read = readOf(recoveries);
  return (
    <>
      {read === undefined && (
        <div className="operate-waits">
          <Waits query={recoveries} unread={t("operate.recoveries.unread")} />
          {!isSaid && isDown(troubleOf(recoveries)) && (
            <Button className="button" onPress={() => void recoveries.refetch()}>
              {t("retry")}
            </Button>
          )}
        </div>
      )}
      <Selected list="recovering" rows={read} idOf={(row) => row.workflowId} columns={columns} isBusy={false} />
    </>
  );
}

interface SelectedProps<Row> {
  list: ListName;
  /** None: the list could not be read. */
  rows: readonly Row[] | undefined;
  idOf: (row: Row) => string;
  columns: readonly Column<Row>[];
  isBusy: boolean;
  failures?: Failures | undefined;
}

type Doing = { is: "release"; id: string } | { is: Work; ids: string[] };

/**
 * A list and what happens with those that a person selects in it. It stays while the list cannot be read: work goes on
 * in its dialog, and the results must not go away with the list.
 */
function Selected<Row>({ list, rows, idOf, columns, isBusy, failures }: SelectedProps<Row>) {
  const t = useT();
  const may = useMay(useClient());
  const open = useOpen();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<Doing>();
  const ids = (rows ?? []).map(idOf).filter((id) => selected.has(id));
  const [first] = ids;
  const mayRelease = list === "quarantined" && may("releaseWorkflow");
  const act = () => {
    if (mayRelease && first !== undefined) setDoing({ is: "release", id: first });
    else if (list !== "quarantined" && may("recoverWorkflow") && ids.length > 0) setDoing({ is: "recover", ids });
  };
  useShortcutsHeld(doing !== undefined);
  useShortcuts([
    { keys: "j", label: "bench.key.down", group: "page", run: focusRows },
    { keys: "k", label: "bench.key.up", group: "page", run: focusRows },
    { keys: "x", label: "bench.key.select", group: "page" },
    { keys: "Enter", label: "bench.key.open", group: "page" },
    { keys: "e", label: "operate.key.act", group: "page", run: act },
  ]);
  const close = () => {
    setDoing(undefined);
    setSelected(new Set());
    focusRows();
  };
  return (
    <>
      {failures !== undefined && rows !== undefined && rows.length > 0 && <Codes ids={rows.map(idOf)} failures={failures} onSelect={setSelected} />}
      {rows?.length === 0 && <NoRows list={list} />}
      {rows !== undefined && rows.length > 0 && (
        <Grid
          label={t(`operate.list.${list}`)}
          rows={rows}
          idOf={idOf}
          columns={columns}
          isBusy={isBusy}
          selected={selected}
          onSelect={setSelected}
          onOpen={open}
          onAct={act}
        />
      )}
      {ids.length > 0 && (
        <Bar list={list} count={ids.length} onRelease={act} onWork={(work) => setDoing({ is: work, ids })} />
      )}
      {doing?.is === "release" && <ReleaseSheet id={doing.id} onClose={close} />}
      {(doing?.is === "recover" || doing?.is === "replay") && <ManySheet work={doing.is} ids={doing.ids} failures={failures} onClose={close} />}
    </>
  );
}

function NoRows({ list }: { list: ListName }) {
  const t = useT();
  return (
    <Empty title={t(`operate.none.${list}`)}>
      <p>{t(`operate.none.${list}.text`)}</p>
    </Empty>
  );
}

interface BarProps {
  list: ListName;
  count: number;
  onRelease: () => void;
  onWork: (work: Work) => void;
}

/** What the selection permits; where nothing is permitted, it says so before a press. */
function Bar({ list, count, onRelease, onWork }: BarProps) {
  const t = useT();
  const may = useMay(useClient());
  const { roles } = usePermitted(useClient());
  const isQuarantine = list === "quarantined";
  const isDenied = isQuarantine ? !may("releaseWorkflow") : !may("recoverWorkflow") && !may("replayEvents");
  return (
    <div className="bench-foot selection" role="toolbar" aria-label={t("operate.actions")}>
      <span className="selection-count" aria-live="polite">
        {t("bench.selected", { count })}
      </span>
      {isDenied && <span className="quiet">{t("denied.roles", { roles })}</span>}
      {isQuarantine && !isDenied && count > 1 && <span className="quiet">{t("operate.release.one")}</span>}
      {isQuarantine && !isDenied && count === 1 && (
        <Button className="button" onPress={onRelease}>
          {t("operate.release")}
        </Button>
      )}
      {!isQuarantine && may("recoverWorkflow") && (
        <Button className="button" onPress={() => onWork("recover")}>
          {t("operate.recover")} <span className="quiet">{count}</span>
        </Button>
      )}
      {!isQuarantine && may("replayEvents") && (
        <Button className="button" onPress={() => onWork("replay")}>
          {t("operate.replay")} <span className="quiet">{count}</span>
        </Button>
      )}
    </div>
  );
}
