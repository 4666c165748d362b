import { useState } from "react";
import { Form, Input, Label, TextField } from "react-aria-components";

import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import type { BenchSearch } from "./search";
import { saveView } from "./views";

export default function ViewForm({ search, onSaved }: { search: BenchSearch; onSaved: () => void }) {
  const t = useT();
  const [name, setName] = useState("");
  return (
    <Form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        saveView(name.trim(), search);
        onSaved();
      }}
    >
      <TextField className="field" autoFocus value={name} onChange={setName} maxLength={40}>
        <Label>{t("bench.view.name")}</Label>
        <Input />
      </TextField>
      <Button type="submit" className="button button-first">
        {t("bench.save")}
      </Button>
    </Form>
  );
}
