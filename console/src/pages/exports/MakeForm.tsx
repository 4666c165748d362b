/** What is exported: a period, all of it or a part, or one workflow. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ComponentProps, type FormEvent, useId, useRef, useState } from "react";

import { newKey } from "../../api/client";
import { useClient } from "../../api/context";
import { keys } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { ProblemNote } from "../../parts/ProblemNote";
import { useFaults } from "../../parts/faults";
import { usePreferences } from "../../preferences";
import { clockOf, instantOf } from "../audit/clock";
import { KINDS, spanOf } from "../audit/search";
import { type Selection, exportQuery, makeExport } from "./exports";
import type { ExportsSearch } from "./search";

interface Fields {
  what: "period" | "workflow";
  workflow: string;
  from: string;
  to: string;
  principal: string;
  kind: string;
  reason: string;
}

type Name = Exclude<keyof Fields, "what">;
type Missing = "workflow" | "from" | "to" | "order";

export function MakeForm({ search }: { search: ExportsSearch }) {
  const t = useT();
  const id = useId();
  const isUtc = usePreferences().zone === "utc";
  const [fields, setFields] = useState(() => begin(search, isUtc));
  const faults = useFaults();
  const make = useMake(search);
  const missing = missingOf(fields);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    faults.show();
    if (missing !== undefined || make.isPending) return;
    make.mutate({ selection: selectionOf(fields, isUtc), reason: fields.reason.trim() });
  };
  const set = (name: keyof Fields, value: string) => setFields({ ...fields, [name]: value });
  const field = (name: Name) => ({
    id: `${id}${name}`,
    value: fields[name],
    onChange: (event: { target: { value: string } }) => set(name, event.target.value),
    ...(faults.tried && (missing === name || (missing === "order" && name === "to")) && { "aria-invalid": true, "aria-describedby": `${id}missing` }),
  });
  return (
    <form className="exports-form" ref={faults.form} aria-label={t("exports.make")} onSubmit={submit}>
      <fieldset className="exports-what">
        <legend>{t("exports.what")}</legend>
        {(["period", "workflow"] as const).map((what) => (
          <label key={what}>
            <input type="radio" name={`${id}what`} checked={fields.what === what} onChange={() => set("what", what)} />
            {t(`exports.what.${what}`)}
          </label>
        ))}
      </fieldset>
      {fields.what === "workflow" ? (
        <div className="field">
          <label htmlFor={`${id}workflow`}>{t("exports.workflow")}</label>
          <input {...field("workflow")} spellCheck={false} maxLength={128} />
        </div>
      ) : (
        <Period field={field} isUtc={isUtc} />
      )}
      <div className="field">
        <label htmlFor={`${id}reason`}>
          {t("exports.reason")} <span className="quiet">{t("exports.optional")}</span>
        </label>
        <input {...field("reason")} maxLength={1000} placeholder={t("exports.reason.hint")} />
      </div>
      {faults.tried && missing !== undefined && (
        <p className="field-bad" id={`${id}missing`} role="alert">
          {t(`exports.missing.${missing}`)}
        </p>
      )}
      {make.error !== null && <ProblemNote error={make.error} />}
      <div>
        <Button type="submit" className="button button-first" isBusy={make.isPending}>
          {t(make.isPending ? "exports.making" : "exports.do")}
        </Button>
      </div>
    </form>
  );
}

/** Asks for the export, and leads to it. */
function useMake(search: ExportsSearch) {
  const client = useClient();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const asked = useRef({ text: "", key: newKey() });
  return useMutation({
    mutationFn: ({ selection, reason }: { selection: Selection; reason: string }) => {
      // The same wish has one name, however often its request is repeated.
      const text = JSON.stringify([selection, reason]);
      if (asked.current.text !== text) asked.current = { text, key: newKey() };
      return makeExport(client, selection, reason, asked.current.key);
    },
    onSuccess: (made) => {
      asked.current = { text: "", key: newKey() };
      queries.setQueryData(exportQuery(client, made.export_id).queryKey, made);
      void queries.invalidateQueries({ queryKey: keys.activity });
      void navigate({ to: "/audit/exports", search: { ...search, export: made.export_id }, replace: true });
    },
  });
}

type FieldProps = Pick<ComponentProps<"input">, "id" | "value" | "aria-invalid" | "aria-describedby"> & {
  onChange: (event: { target: { value: string } }) => void;
};

/** A period, and what is exported of it. */
function Period({ field, isUtc }: { field: (name: Name) => FieldProps; isUtc: boolean }) {
  const t = useT();
  const [from, to, principal, kind] = [field("from"), field("to"), field("principal"), field("kind")];
  return (
    <div className="exports-pair">
      <div className="field">
        <label htmlFor={from.id}>
          {t("audit.from")} {isUtc && "UTC"}
        </label>
        <input {...from} type="datetime-local" />
      </div>
      <div className="field">
        <label htmlFor={to.id}>
          {t("audit.to")} {isUtc && "UTC"}
        </label>
        <input {...to} type="datetime-local" />
      </div>
      <div className="field">
        <label htmlFor={principal.id}>{t("exports.principal")}</label>
        <input {...principal} spellCheck={false} maxLength={256} placeholder={t("exports.principal.all")} aria-describedby={`${principal.id}hint`} />
        <span className="quiet" id={`${principal.id}hint`}>
          {t("exports.principal.hint")}
        </span>
      </div>
      <div className="field">
        <label htmlFor={kind.id}>{t("audit.kind")}</label>
        <select {...kind}>
          <option value="">{t("audit.kind.all")}</option>
          {KINDS.map((each) => (
            <option key={each} value={each}>
              {t(`audit.kind.${each}`)}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

/** What the address names. */
function begin(search: ExportsSearch, isUtc: boolean): Fields {
  const now = Date.now();
  // Its last minute may still get entries.
  const span = { to: new Date(now - 60_000).toISOString(), ...spanOf(search, now) };
  return {
    what: search.workflow === undefined ? "period" : "workflow",
    workflow: search.workflow ?? "",
    from: clockOf(span.from, isUtc),
    to: clockOf(span.to, isUtc),
    principal: search.principal ?? "",
    kind: search.kind ?? "",
    reason: "",
  };
}

function missingOf({ what, workflow, from, to }: Fields): Missing | undefined {
  if (what === "workflow") return workflow.trim() === "" ? "workflow" : undefined;
  if (from === "") return "from";
  if (to === "") return "to";
  return from >= to ? "order" : undefined;
}

function selectionOf({ what, workflow, from, to, principal, kind }: Fields, isUtc: boolean): Selection {
  if (what === "workflow") return { workflow_id: workflow.trim() };
  const chosen = KINDS.find((each) => each === kind);
  return {
    from: instantOf(from, isUtc),
    to: instantOf(to, isUtc),
    ...(principal.trim() !== "" && { principal: principal.trim() }),
    ...(chosen !== undefined && { kind: chosen }),
  };
}
