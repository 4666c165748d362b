/** What the check of a file found, in words: first whether it is sound, then what is not, then what was checked. */
import { useLanguage, useT } from "../../i18n";
import { Instant } from "../../time/Instant";
import { Scope, Span } from "../audit/Scope";
import type { About, Finding, Report } from "./verify/finding";

export function Verdict({ name, report }: { name: string; report: Report }) {
  const t = useT();
  const number = new Intl.NumberFormat(useLanguage());
  const { isSound, found, findings, manifest, fingerprint } = report;
  return (
    <div className="verdict">
      <div className={`note ${isSound ? "note-good" : "note-bad"}`} role={isSound ? "status" : "alert"}>
        <p className="note-title">{t(isSound ? "verify.sound" : "verify.unsound", { name })}</p>
        <p>{isSound ? t(report.isKeyGiven ? "verify.sound.key" : "verify.sound.compare") : t("verify.unsound.text", { count: found })}</p>
      </div>
      {findings.length > 0 && (
        <ul className="findings">
          {findings.map((finding, index) => (
            <li key={index}>
              <Where finding={finding} />
              <p>{t(`verify.fault.${finding.fault}`)}</p>
            </li>
          ))}
        </ul>
      )}
      {found > findings.length && <p className="quiet">{t("verify.more", { number: number.format(found - findings.length) })}</p>}
      <dl className="facts">
        {fingerprint !== undefined && (
          <>
            <dt>{t("verify.fingerprint")}</dt>
            <dd>
              <code className="fingerprint">{grouped(fingerprint)}</code>
            </dd>
          </>
        )}
        <dt>{t("verify.checked")}</dt>
        <dd>
          {t("verify.checked.text", {
            files: number.format(report.files),
            records: number.format(report.records),
            versions: number.format(report.versions),
            workflows: number.format(report.workflows),
          })}
          {report.unreadable > 0 && <p className="quiet">{t("verify.unreadable", { count: report.unreadable })}</p>}
        </dd>
        {manifest !== undefined && <Manifest about={manifest} />}
        <dt>{t("verify.sha")}</dt>
        <dd>
          <code>{report.archiveSha256}</code>
        </dd>
      </dl>
    </div>
  );
}

function Manifest({ about }: { about: About }) {
  const t = useT();
  const { workflow_id: id, from, to, principal, kind } = about.selection as Partial<Record<string, string>>;
  return (
    <>
      <dt>{t("exports.what")}</dt>
      <dd>
        {id !== undefined && <code>{id}</code>}
        {from !== undefined && to !== undefined && (
          <>
            <Span from={from} to={to} />
            <br />
            <Scope principal={principal} kind={kind} />
          </>
        )}
      </dd>
      <dt>{t("exports.asked")}</dt>
      <dd>
        {about.requestedBy}, <Instant at={about.requestedAt} exact />
      </dd>
      <dt>{t("person.tenant")}</dt>
      <dd>{about.tenant}</dd>
    </>
  );
}

function Where({ finding: { file, line, workflowId, version, eventId } }: { finding: Finding }) {
  const t = useT();
  return (
    <p className="finding-where">
      {file !== undefined && <code>{file}</code>}
      {line !== undefined && <span>{t("verify.line", { line })}</span>}
      {workflowId !== undefined && <code>{workflowId}</code>}
      {version !== undefined && <span>{t("timeline.version", { version })}</span>}
      {eventId !== undefined && version === undefined && <code>{eventId}</code>}
    </p>
  );
}

/** In groups of four: people compare it by eye. */
function grouped(hex: string): string {
  return hex.replace(/(.{4})(?=.)/g, "$1 ");
}
