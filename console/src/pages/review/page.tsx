/** Review: what waits for this person's signature, and signing it. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useMemo, useState } from "react";

import "../bench/bench.css";
import "./review.css";
import type { Meaning } from "../../api/client";
import { useClient } from "../../api/context";
import { meQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { useShortcuts, useShortcutsHeld } from "../../keys/keys";
import { Button } from "../../parts/Button";
import { Empty } from "../../parts/Empty";
import { FilterLink } from "../../parts/FilterLink";
import { Grid, focusRows } from "../../parts/Grid";
import { PageHead } from "../../parts/PageHead";
import { ProblemNote } from "../../parts/ProblemNote";
import { afterPaint } from "../../parts/afterPaint";
import { type Draft, hasDraft, takeDraft } from "../../signing/draft";
import { type Signer, bestMeaning } from "../../signing/signing";
import { arriving } from "../../parts/arrival";
import { useReviewColumns } from "./columns";
import { PAGES_READ, activeQuery, rowsOf } from "./list";
import { LISTS, type ListName } from "./search";

const loadSheet = () => import("../../signing/SignSheet");
const SignSheet = lazy(() => arriving(loadSheet()));

export default function ReviewPage() {
  const { list = "waiting" } = useSearch({ from: "/review" });
  const t = useT();
  const me = useQuery(meQuery(useClient()));
  const signer = useMemo(
    (): Signer | undefined => me.data && { principal: me.data.principal, may: me.data.permitted_signatures },
    [me.data],
  );
  useEffect(() => afterPaint(loadSheet), []);
  return (
    <div className="bench">
      <PageHead title={t("review.title")}>
        <p className="quiet">{t("review.text")}</p>
        <nav className="views bench-line" aria-label={t("review.lists")}>
          <ul>
            {LISTS.map((name) => (
              <li key={name}>
                <FilterLink
                  className="view"
                  to="/review"
                  search={name === "waiting" ? {} : { list: name }}
                  current={name === list ? "page" : undefined}
                >
                  {t(`review.list.${name}`)}
                </FilterLink>
              </li>
            ))}
          </ul>
        </nav>
      </PageHead>
      {signer !== undefined && signer.may.length === 0 && <p className="note note-warn">{t("sign.none")}</p>}
      {me.error !== null && <ProblemNote error={me.error} onRetry={() => void me.refetch()} />}
      {signer === undefined ? <p className="quiet">{t("loading")}</p> : <Listed key={list} list={list} signer={signer} />}
    </div>
  );
}

interface Signing {
  ids: readonly string[];
  meaning?: Meaning | undefined;
  draft?: Draft | undefined;
}

function Listed({ list, signer }: { list: ListName; signer: Signer }) {
  const t = useT();
  const navigate = useNavigate();
  const { active, all, readMore } = useActive();
  const rows = useMemo(() => rowsOf(list, all, signer), [list, all, signer]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [signing, setSigning] = useDrafted(signer);
  const chosen = rows.filter((row) => selected.has(row.workflow_id));
  const begin = () => {
    if (chosen.length > 0) setSigning({ ids: chosen.map((row) => row.workflow_id), meaning: bestMeaning(chosen, signer) });
  };
  const open = (id: string) => void navigate({ to: "/workflow/$id", params: { id }, search: {} });
  const columns = useReviewColumns(rows, signer, open);
  useShortcutsHeld(signing !== undefined);
  useShortcuts([
    { keys: "j", label: "bench.key.down", group: "page", run: focusRows },
    { keys: "k", label: "bench.key.up", group: "page", run: focusRows },
    { keys: "x", label: "bench.key.select", group: "page" },
    { keys: "Enter", label: "bench.key.open", group: "page" },
    { keys: "e", label: "review.key.sign", group: "page", run: begin },
  ]);
  const close = (stillOpen?: readonly string[]) => {
    setSigning(undefined);
    if (stillOpen !== undefined) setSelected(new Set(stillOpen));
    focusRows();
  };
  return (
    <>
      {active.error !== null && <ProblemNote error={active.error} onRetry={() => void active.refetch()} />}
      <div className="room">
        {rows.length > 0 ? (
          <Grid
            label={t(`review.list.${list}`)}
            rows={rows}
            idOf={(row) => row.workflow_id}
            columns={columns}
            isBusy={active.isPending}
            selected={selected}
            onSelect={setSelected}
            onOpen={open}
            onAct={begin}
          />
        ) : (
          active.isSuccess && (
            <Empty title={t(`review.none.${list}`)}>
              <p>{t(`review.none.${list}.text`)}</p>
            </Empty>
          )
        )}
        <footer className="bench-foot">
          {chosen.length > 0 ? (
            <SelectionBar count={chosen.length} onSign={signer.may.length > 0 ? begin : undefined} />
          ) : (
            <p className="quiet" aria-live="polite">
              {t("review.looked", { count: all.length })}
            </p>
          )}
          {readMore !== undefined && (
            <Button className="button" onPress={readMore} isDisabled={active.isFetchingNextPage}>
              {t("review.more")}
            </Button>
          )}
        </footer>
      </div>
      <Suspense>{signing !== undefined && <SignSheet {...signing} onClose={close} />}</Suspense>
    </>
  );
}

/** The active work: some pages are read at once, and more when the person asks for them. */
function useActive() {
  const active = useInfiniteQuery(activeQuery(useClient()));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = active;
  const pages = active.data?.pages.length ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && pages < PAGES_READ) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, pages]);
  const all = useMemo(() => active.data?.pages.flatMap((page) => page.items) ?? [], [active.data]);
  return { active, all, readMore: hasNextPage && pages >= PAGES_READ ? () => void fetchNextPage() : undefined };
}

/** What is being signed. The sign-in may bring the person back here: then the signatures go on where they were. */
function useDrafted({ principal }: Signer) {
  const [signing, setSigning] = useState<Signing>();
  useEffect(() => {
    if (!hasDraft()) return;
    const draft = takeDraft(principal);
    if (draft !== undefined) setSigning({ ids: draft.items.map((item) => item.workflowId), draft });
  }, [principal]);
  return [signing, setSigning] as const;
}

/** What can be done with the selected rows; none where the roles permit no signature. */
function SelectionBar({ count, onSign }: { count: number; onSign: (() => void) | undefined }) {
  const t = useT();
  return (
    <div className="selection" role="toolbar" aria-label={t("review.actions")}>
      <span className="selection-count" aria-live="polite">
        {t("bench.selected", { count })}
      </span>
      {onSign !== undefined && (
        <Button className="button button-first" onPress={onSign}>
          {t("review.sign", { count })} <kbd aria-hidden="true">e</kbd>
        </Button>
      )}
    </div>
  );
}
