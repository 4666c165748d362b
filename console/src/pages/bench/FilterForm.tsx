import { useState } from "react";
import { FieldError, Form, Input, Label, TextField } from "react-aria-components";

import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import type { BenchSearch } from "./search";

/** Each field is one filter; an empty one is none. */
export default function FilterForm({ search, onShow }: { search: BenchSearch; onShow: (search: BenchSearch) => void }) {
  const t = useT();
  const [label, setLabel] = useState("");
  const [assignee, setAssignee] = useState(search.assignee ?? "");
  const [createdBy, setCreatedBy] = useState(search.created_by ?? "");
  const [type, setType] = useState(search.type ?? "");
  const [due, setDue] = useState(search.due_before?.slice(0, 16) ?? "");
  const isBad = label !== "" && !/^[a-z0-9._-]{1,32}:.{1,64}$/.test(label);
  const submit = () => {
    if (isBad) return;
    const { assignee: _a, created_by: _c, type: _t, due_before: _d, order: _o, ...rest } = search;
    const next: BenchSearch = { ...rest };
    if (label !== "") next.label = [...new Set([...(search.label ?? []), label])];
    if (assignee.trim() !== "") next.assignee = assignee.trim();
    if (createdBy.trim() !== "") next.created_by = createdBy.trim();
    if (type.trim() !== "") next.type = type.trim();
    if (due !== "") next.due_before = new Date(due).toISOString();
    onShow(next);
  };
  return (
    <Form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <TextField className="field" autoFocus value={label} onChange={setLabel} isInvalid={isBad}>
        <Label>{t("bench.filter.label")}</Label>
        <Input placeholder="batch:B-012" spellCheck={false} />
        <FieldError className="field-bad">{t("bench.filter.label.bad")}</FieldError>
      </TextField>
      <TextField className="field" value={assignee} onChange={setAssignee}>
        <Label>{t("bench.assignee")}</Label>
        <Input spellCheck={false} />
      </TextField>
      <TextField className="field" value={createdBy} onChange={setCreatedBy}>
        <Label>{t("bench.filter.created_by")}</Label>
        <Input spellCheck={false} />
      </TextField>
      <TextField className="field" value={type} onChange={setType}>
        <Label>{t("bench.filter.type")}</Label>
        <Input placeholder="sample-analysis" spellCheck={false} />
      </TextField>
      <TextField className="field" value={due} onChange={setDue}>
        <Label>{t("bench.filter.due_before")}</Label>
        <Input type="datetime-local" />
      </TextField>
      <Button type="submit" className="button button-first">
        {t("bench.filter.apply")}
      </Button>
    </Form>
  );
}
