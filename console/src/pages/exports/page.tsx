/** Exports: what leaves the service with a signature, and the check of such a file. */
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Suspense, lazy } from "react";

import "../bench/bench.css";
import "../audit/audit.css";
import "./exports.css";
import { useClient } from "../../api/context";
import { meQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { AuditHead } from "../audit/Parts";
import { arriving } from "../../parts/arrival";
import { MakeForm } from "./MakeForm";
import { OneExport } from "./OneExport";
import { Earlier } from "./Earlier";

const VerifyPanel = lazy(() => arriving(import("./VerifyPanel")));

export default function ExportsPage() {
  const t = useT();
  const search = useSearch({ from: "/audit/exports" });
  const me = useQuery(meQuery(useClient()));
  const mayExport = (me.data?.permitted_actions as readonly string[] | undefined)?.includes("exportRecords") === true;
  return (
    <div className="audit exports">
      <AuditHead part="exports" />
      <div className="exports-columns">
        <section className="exports-make" aria-labelledby="exports-make">
          <h2 id="exports-make">{t("exports.make")}</h2>
          <p className="exports-lead">{t("exports.make.text")}</p>
          {me.isSuccess && !mayExport && <p className="note note-warn">{t("exports.denied")}</p>}
          {mayExport && search.export !== undefined && <OneExport key={search.export} id={search.export} />}
          {mayExport && <MakeForm key={`${search.workflow} ${search.from} ${search.to} ${search.principal} ${search.kind}`} search={search} />}
          {mayExport && <Earlier />}
        </section>
        <section className="exports-verify" aria-labelledby="exports-verify">
          <h2 id="exports-verify">{t("exports.verify")}</h2>
          <p className="exports-lead">{t("exports.verify.text")}</p>
          <Suspense fallback={<p className="quiet">{t("loading")}</p>}>
            <VerifyPanel />
          </Suspense>
        </section>
      </div>
    </div>
  );
}
