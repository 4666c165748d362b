/** One workflow: where it stands, what may happen next and why not, and everything that happened. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useMemo, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";

import "../bench/bench.css";
import "./workflow.css";
import type { State, Workflow } from "../../api/client";
import { useClient } from "../../api/context";
import { isClosed, onlyTarget } from "../../api/lifecycle";
import { asProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { useShortcuts, useShortcutsHeld } from "../../keys/keys";
import { Empty } from "../../parts/Empty";
import { ProblemNote } from "../../parts/ProblemNote";
import { afterPaint } from "../../parts/afterPaint";
import { type Draft, hasDraft, takeDraft } from "../../signing/draft";
import { arriving } from "../../parts/arrival";
import { wayBack } from "../bench/place";
import { DataPanel } from "./DataPanel";
import { EventsPanel } from "./EventsPanel";
import { NextMoves } from "./NextMoves";
import { Standing } from "./Standing";
import { Timeline } from "./Timeline";
import { historyQuery, stateQuery } from "./queries";
import { TABS, type Tab as TabName } from "./search";
import { worthATry } from "./worth";

const sheets = {
  sign: () => import("../../signing/SignSheet"),
  move: () => import("./MoveSheet"),
  edit: () => import("./EditSheet"),
};
const ReleaseSheet = lazy(() => arriving(import("../operate/ReleaseSheet")));
const SignSheet = lazy(() => arriving(sheets.sign()));
const MoveSheet = lazy(() => arriving(sheets.move()));
const EditSheet = lazy(() => arriving(sheets.edit()));

export default function WorkflowPage() {
  const { id } = useParams({ from: "/workflow/$id" });
  return <OneWorkflow key={id} id={id} />;
}

function OneWorkflow({ id }: { id: string }) {
  const t = useT();
  const client = useClient();
  const state = useQuery(stateQuery(client, id));
  useEffect(() => {
    document.title = `${id} · ALIMS`;
  }, [id]);
  const problem = state.error === null ? undefined : asProblem(state.error);
  return (
    <div className="workflow">
      <nav className="crumb">
        <Link to="/bench" search={wayBack()}>
          {t("workflow.back")}
        </Link>
      </nav>
      {problem !== undefined && problem.status === 404 && state.data === undefined ? (
        <Empty title={t("workflow.missing")}>
          <code>{id}</code>
        </Empty>
      ) : (
        state.error !== null && <ProblemNote error={state.error} onRetry={() => void state.refetch()} />
      )}
      {state.data !== undefined && <Known workflow={state.data} />}
      {state.isPending && <p className="quiet">{t("loading")}</p>}
    </div>
  );
}

function Known({ workflow }: { workflow: Workflow }) {
  const t = useT();
  const client = useClient();
  const navigate = useNavigate();
  const id = workflow.workflow_id;
  const { tab = "timeline" } = useSearch({ from: "/workflow/$id" });
  const me = useQuery(meQuery(client));
  const actions = me.data?.permitted_actions;
  const may = useMemo(() => (action: string) => actions?.includes(action) ?? false, [actions]);
  const [moving, setMoving] = useState<{ target: State | undefined }>();
  const [editing, setEditing] = useState(false);
  const [releasing, setReleasing] = useState(false);
  const [signing, setSigning] = useState<{ draft?: Draft }>();
  const worth = worthATry(workflow, me.data, t);
  useEffect(() => afterPaint(() => Promise.all(Object.values(sheets).map((load) => load()))), []);
  // The sign-in brought the person back here: the signature goes on where it was.
  const principal = me.data?.principal;
  useEffect(() => {
    if (principal === undefined || !hasDraft()) return;
    const draft = takeDraft(principal);
    if (draft?.items.every((item) => item.workflowId === id)) setSigning({ draft });
  }, [principal, id]);
  const targets = (workflow.evaluated_transitions ?? []).flatMap((each) => (each.permitted ? [each.target_state] : []));
  useShortcutsHeld(moving !== undefined || editing || releasing || signing !== undefined);
  const show = (name: TabName) => void navigate({ to: "/workflow/$id", params: { id }, search: name === "timeline" ? {} : { tab: name }, replace: true });
  useShortcuts([
    { keys: "e", label: "workflow.key.move", group: "page", run: () => targets.length > 0 && setMoving({ target: onlyTarget(targets) }) },
    { keys: "d", label: "workflow.key.edit", group: "page", run: () => setEditing(worth.canEdit) },
    { keys: "s", label: "workflow.key.sign", group: "page", run: () => worth.canSign && setSigning({}) },
    { keys: "1", label: "workflow.tab.timeline", group: "page", run: () => show("timeline") },
    { keys: "2", label: "workflow.tab.data", group: "page", run: () => show("data") },
    { keys: "3", label: "workflow.tab.events", group: "page", run: () => show("events") },
  ]);
  return (
    <>
      <Standing workflow={workflow} mayVerify={may("verifyWorkflowHistory")} mayExport={may("exportRecords")} onRelease={may("releaseWorkflow") ? () => setReleasing(true) : undefined} />
      <div className="workflow-body">
        <Panels workflow={workflow} tab={tab} show={show} may={may} onEdit={worth.canEdit && !isClosed(workflow) ? () => setEditing(true) : undefined} />
        <NextMoves
          workflow={workflow}
          onMove={(target) => setMoving({ target })}
          onEdit={worth.canEdit ? () => setEditing(true) : undefined}
          onSign={worth.canSign ? () => setSigning({}) : undefined}
          why={worth.why}
        />
      </div>
      <Suspense>
        {moving !== undefined && <MoveSheet workflow={workflow} target={moving.target} onClose={() => setMoving(undefined)} />}
        {releasing && <ReleaseSheet id={id} onClose={() => setReleasing(false)} />}
        {editing && <EditSheet workflow={workflow} onClose={() => setEditing(false)} />}
        {signing !== undefined && <SignSheet ids={[id]} draft={signing.draft} onClose={() => setSigning(undefined)} />}
      </Suspense>
    </>
  );
}

interface PanelsProps {
  workflow: Workflow;
  tab: TabName;
  show: (tab: TabName) => void;
  may: (action: string) => boolean;
  onEdit: (() => void) | undefined;
}

function Panels({ workflow, tab, show, may, onEdit }: PanelsProps) {
  const t = useT();
  const client = useClient();
  const isKnown = useQuery(meQuery(client)).isSuccess;
  const history = useInfiniteQuery({ ...historyQuery(client, workflow.workflow_id, may), enabled: isKnown });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = history;
  // The newest entries are on the last page.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Tabs className="workflow-main" selectedKey={tab} onSelectionChange={(key) => show(key as TabName)}>
      <TabList aria-label={t("workflow.tabs")} className="tabs">
        {TABS.map((name) => (
          <Tab key={name} id={name} className="view">
            {t(`workflow.tab.${name}`)}
          </Tab>
        ))}
      </TabList>
      <TabPanel id="timeline">
        {history.error !== null && <ProblemNote error={history.error} onRetry={() => void history.refetch()} />}
        {history.data !== undefined && <Timeline pages={history.data.pages} signatures={workflow.signatures ?? []} />}
        {history.data !== undefined && !may("getWorkflowRefusals") && <p className="quiet">{t("timeline.own")}</p>}
      </TabPanel>
      <TabPanel id="data">
        <DataPanel workflow={workflow} onEdit={onEdit} />
      </TabPanel>
      <TabPanel id="events">
        <EventsPanel entries={history.data?.pages.flatMap((page) => page.items) ?? []} />
      </TabPanel>
    </Tabs>
  );
}
