import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";

import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { usePreferences } from "../../preferences";
import { FilterLink } from "../../parts/FilterLink";
import { clockOf, instantOf } from "./clock";
import { peopleOf } from "./people";
import { type AuditSearch, KINDS, PERIODS, type Period } from "./search";

/** Periods that end now. */
export function Periods({ search, to: page = "/audit" }: { search: AuditSearch; to?: "/audit" | "/audit/reviews" }) {
  const t = useT();
  const { from, to, period, ...rest } = search;
  const isNamed = from === undefined && to === undefined;
  return (
    <nav className="views audit-periods" aria-label={t("audit.periods")}>
      <ul>
        {(Object.keys(PERIODS) as Period[]).map((name) => (
          <li key={name}>
            <FilterLink
              className="view"
              to={page}
              search={name === "day" ? rest : { ...rest, period: name }}
              current={isNamed && (period ?? "day") === name ? "page" : undefined}
            >
              {t(`audit.period.${name}`)}
            </FilterLink>
          </li>
        ))}
        {!isNamed && (
          <li>
            <span className="view" aria-current="page">
              {t("audit.between")}
            </span>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** Person, kind and two instants; an empty field is no filter. */
export function Filters({ search }: { search: AuditSearch }) {
  const t = useT();
  const id = useId();
  const navigate = useNavigate();
  const isUtc = usePreferences().zone === "utc";
  const queries = useQueryClient();
  // Looked up with each drawing: what the pages showed grows meanwhile.
  const people = peopleOf(queries.getQueriesData({}).map(([, data]) => data));
  const [fields, setFields] = useState({
    principal: search.principal ?? "",
    kind: search.kind ?? "",
    from: clockOf(search.from, isUtc),
    to: clockOf(search.to, isUtc),
  });
  const field = (name: keyof typeof fields) => ({
    id: `${id}${name}`,
    value: fields[name],
    onChange: (event: { target: { value: string } }) => setFields({ ...fields, [name]: event.target.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const isBetween = fields.from !== "" || fields.to !== "";
    const next = {
      ...(isBetween ? {} : search.period !== undefined && { period: search.period }),
      ...(fields.from !== "" && { from: instantOf(fields.from, isUtc) }),
      ...(fields.to !== "" && { to: instantOf(fields.to, isUtc) }),
      ...(fields.principal.trim() !== "" && { principal: fields.principal.trim() }),
      ...(fields.kind !== "" && { kind: fields.kind as (typeof KINDS)[number] }),
    };
    void navigate({ to: "/audit", search: next });
  };
  return (
    <form className="audit-filters" aria-label={t("audit.filters")} onSubmit={submit}>
      <div className="field">
        <label htmlFor={`${id}principal`}>{t("audit.principal")}</label>
        <input {...field("principal")} spellCheck={false} maxLength={256} list={`${id}people`} autoComplete="off" />
        <datalist id={`${id}people`}>
          {people.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </div>
      <div className="field">
        <label htmlFor={`${id}kind`}>{t("audit.kind")}</label>
        <select {...field("kind")}>
          <option value="">{t("audit.kind.all")}</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {t(`audit.kind.${kind}`)}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={`${id}from`}>{t("audit.from")} {isUtc && "UTC"}</label>
        <input {...field("from")} type="datetime-local" />
      </div>
      <div className="field">
        <label htmlFor={`${id}to`}>{t("audit.to")} {isUtc && "UTC"}</label>
        <input {...field("to")} type="datetime-local" />
      </div>
      <Button type="submit" className="button">
        {t("audit.apply")}
      </Button>
    </form>
  );
}
