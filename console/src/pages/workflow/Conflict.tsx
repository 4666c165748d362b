/** It changed first: what changed since the decision began, and the way to decide again. Nothing is lost. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { useClient } from "../../api/context";
import { meQuery } from "../../api/queries";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Entry } from "./Timeline";
import { historyQuery } from "./queries";

interface Props {
  id: string;
  from: number;
  to: number;
  onAgain: () => void;
}

export function Conflict({ id, from, to, onAgain }: Props) {
  const t = useT();
  const client = useClient();
  const actions = useQuery(meQuery(client)).data?.permitted_actions;
  const history = useInfiniteQuery(historyQuery(client, id, (action) => actions?.includes(action) ?? false));
  const pages = history.data?.pages ?? [];
  const changes = new Map(pages.flatMap((page) => page.changes ?? []).map((each) => [each.version, each]));
  const newer = pages
    .flatMap((page) => page.items)
    .filter((entry) => "to_state" in entry && entry.version > from && entry.version <= to);
  return (
    <div className="note note-warn" role="alert" tabIndex={-1} data-focus-lost>
      <p className="note-title">{t("conflict.title")}</p>
      <p>{t("conflict.text", { from, to })}</p>
      <ol className="timeline timeline-short">
        {newer.map((entry) => (
          <Entry
            key={"event_id" in entry ? entry.event_id : ""}
            entry={entry}
            changes={"version" in entry && entry.version !== undefined ? changes.get(entry.version) : undefined}
          />
        ))}
      </ol>
      <div className="note-foot">
        <Button className="button" onPress={onAgain}>
          {t("conflict.again", { version: to })}
        </Button>
      </div>
    </div>
  );
}
