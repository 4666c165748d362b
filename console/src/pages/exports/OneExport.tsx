/** One export: how far it is, where its file is, or why there is none. */
import { useQuery } from "@tanstack/react-query";

import { useClient } from "../../api/context";
import { useLanguage, useT } from "../../i18n";
import { ProblemNote } from "../../parts/ProblemNote";
import { Instant } from "../../time/Instant";
import { Scope, Span } from "../audit/Scope";
import { type Export, exportQuery, sizeText } from "./exports";

export function OneExport({ id }: { id: string }) {
  const t = useT();
  const found = useQuery(exportQuery(useClient(), id));
  return (
    <section className="export" aria-label={t("exports.one")}>
      {found.error !== null && <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
      {found.data !== undefined && <Known made={found.data} />}
      {found.isPending && <p className="quiet">{t("loading")}</p>}
    </section>
  );
}

function Known({ made }: { made: Export }) {
  const t = useT();
  const { status } = made;
  return (
    <>
      <div className="export-head">
        <h3>{t("exports.one")}</h3>
        <span role="status" className={`tag ${status === "COMPLETED" ? "tag-good" : status === "FAILED" ? "tag-bad" : ""}`}>
          {t(`exports.status.${status}`)}
        </span>
      </div>
      <Facts made={made} />
      {status === "RUNNING" && (
        <>
          <progress className="export-progress" aria-label={t("exports.status.RUNNING")} />
          <p className="quiet">{t("exports.running")}</p>
        </>
      )}
      {status === "FAILED" && <Failed failure={made.failure} />}
      {status === "COMPLETED" && (
        <div className="export-get">
          {made.download_url === undefined ? (
            <p className="note note-warn">{t("exports.gone")}</p>
          ) : (
            <a className="button button-first" href={made.download_url} download={`${made.export_id}.zip`}>
              {t("exports.download")}
            </a>
          )}
          <p className="quiet">{t("exports.download.text")}</p>
        </div>
      )}
    </>
  );
}

/** What was asked for, by whom, and what it holds. */
function Facts({ made }: { made: Export }) {
  const t = useT();
  const language = useLanguage();
  const { status, selection } = made;
  return (
    <dl className="facts">
      <dt>{t("exports.what")}</dt>
      <dd>
        {selection.workflow_id !== undefined && <code>{selection.workflow_id}</code>}
        {selection.from !== undefined && selection.to !== undefined && (
          <>
            <Span from={selection.from} to={selection.to} />
            <br />
            <Scope principal={selection.principal} kind={selection.kind} />
          </>
        )}
      </dd>
      <dt>{t("exports.asked")}</dt>
      <dd>
        {made.requested_by}, <Instant at={made.requested_at} exact />
      </dd>
      {made.entries !== undefined && status !== "FAILED" && (
        <>
          <dt>{t("exports.entries")}</dt>
          <dd>{new Intl.NumberFormat(language).format(made.entries)}</dd>
        </>
      )}
      {made.bytes !== undefined && (
        <>
          <dt>{t("exports.size")}</dt>
          <dd>{sizeText(made.bytes, language)}</dd>
        </>
      )}
      {made.sha256 !== undefined && (
        <>
          <dt>SHA-256</dt>
          <dd>
            <code>{made.sha256}</code>
          </dd>
        </>
      )}
    </dl>
  );
}

function Failed({ failure }: { failure: Export["failure"] }) {
  const t = useT();
  return (
    <div className="note note-bad" role="alert">
      <p className="note-title">{t("exports.failed")}</p>
      {failure !== undefined && <p lang="en">{failure.detail}</p>}
      <p>{t("exports.failed.text")}</p>
      {failure !== undefined && (
        <p className="quiet">
          <code>{failure.code}</code>
        </p>
      )}
    </div>
  );
}
