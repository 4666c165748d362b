/** The laboratory's data, as a tree that people read and as the JSON that programs read. */
import { useState } from "react";

import type { Workflow } from "../../api/client";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";
import { Choice } from "../../parts/Choice";
import { DataTree } from "../../parts/DataTree";
import type { Json } from "./data";

export function DataPanel({ workflow, onEdit }: { workflow: Workflow; onEdit: (() => void) | undefined }) {
  const t = useT();
  const [shown, setShown] = useState<"tree" | "json">("tree");
  const metadata = workflow.metadata as Json;
  const json = JSON.stringify(metadata, undefined, 2);
  const isEmpty = Object.keys(workflow.metadata).length === 0;
  return (
    <section className="data">
      <div className="data-head">
        <Choice
          label={t("data.shown")}
          value={shown}
          choices={[
            ["tree", t("data.tree")],
            ["json", t("data.json")],
          ]}
          onChange={setShown}
        />
        {onEdit !== undefined && (
          <Button className="button" onPress={onEdit}>
            {t("data.edit")}
          </Button>
        )}
      </div>
      {isEmpty && <p className="quiet">{t("data.empty")}</p>}
      {shown === "tree" ? (
        <div className="tree">
          <DataTree value={metadata} />
        </div>
      ) : (
        <pre className="json" tabIndex={0}>
          {json}
        </pre>
      )}
    </section>
  );
}
