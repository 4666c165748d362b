import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button, Dialog, DialogTrigger, Form, Input, Label, Popover, TextField } from "react-aria-components";

import { useClient } from "../../api/context";
import { meQuery } from "../../api/queries";
import { FilterLink } from "../../parts/FilterLink";
import { Icon } from "../../parts/Icon";
import { useT } from "../../i18n";
import type { BenchSearch } from "./search";
import { forgetView, same, saveView, useViews } from "./views";

const OPEN: BenchSearch = { state: ["CREATED", "ACTIVE", "PAUSED", "FAILED"] };

/** Names for filters: those that everybody needs, and those that this person saved. */
export function Views({ search }: { search: BenchSearch }) {
  const t = useT();
  const me = useQuery(meQuery(useClient())).data?.principal;
  const saved = useViews();
  const shipped: { name: string; search: BenchSearch }[] = [
    { name: t("bench.view.all"), search: {} },
    { name: t("bench.view.open"), search: OPEN },
    ...(me === undefined ? [] : [{ name: t("bench.view.mine"), search: { ...OPEN, assignee: me } }]),
    { name: t("bench.view.overdue"), search: { overdue: "true" } },
    { name: t("bench.view.quarantined"), search: { quarantined: "true" } },
  ];
  const isNamed = [...shipped, ...saved].some((view) => same(view.search, search));
  return (
    <nav className="views" aria-label={t("bench.views")}>
      <ul>
        {shipped.map((view) => (
          <li key={view.name}>
            <ViewLink view={view} isShown={same(view.search, search)} />
          </li>
        ))}
        {saved.map((view) => (
          <li key={`saved ${view.name}`}>
            <ViewLink view={view} isShown={same(view.search, search)} />
            {same(view.search, search) && (
              <Button
                className="button-plain view-forget"
                aria-label={t("bench.view.forget", { name: view.name })}
                onPress={() => forgetView(view.name)}
              >
                <Icon name="close" />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {!isNamed && <SaveView search={search} />}
    </nav>
  );
}

function ViewLink({ view, isShown }: { view: { name: string; search: BenchSearch }; isShown: boolean }) {
  return (
    <FilterLink className="view" to="/bench" search={view.search} current={isShown ? "page" : undefined}>
      {view.name}
    </FilterLink>
  );
}

function SaveView({ search }: { search: BenchSearch }) {
  const t = useT();
  const [name, setName] = useState("");
  return (
    <DialogTrigger>
      <Button className="button-plain">{t("bench.view.save")}</Button>
      <Popover className="popover">
        <Dialog className="filter-card" aria-label={t("bench.view.save")}>
          {({ close }) => (
            <Form
              className="filter-form"
              onSubmit={(event) => {
                event.preventDefault();
                if (name.trim() === "") return;
                saveView(name.trim(), search);
                close();
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
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
