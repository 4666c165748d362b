/** The laboratory's data, as a tree that people read and as the JSON that programs read. */
import { useState } from "react";
import { Button } from "react-aria-components";

import type { Workflow } from "../../api/client";
import { useT } from "../../i18n";
import { Choice } from "../../parts/Choice";
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
          <Tree value={metadata} />
        </div>
      ) : (
        <pre className="json" tabIndex={0}>
          {json}
        </pre>
      )}
    </section>
  );
}

function Tree({ value }: { value: Json }) {
  if (Array.isArray(value)) {
    return (
      <ol className="tree-list">
        {value.map((each, index) => (
          // A list has no other names.
          <li key={index}>
            <Tree value={each} />
          </li>
        ))}
      </ol>
    );
  }
  if (typeof value === "object" && value !== null) {
    return (
      <dl className="tree-object">
        {Object.entries(value).map(([name, inner]) => (
          <div key={name} className={typeof inner === "object" && inner !== null ? "tree-deep" : undefined}>
            <dt>{name}</dt>
            <dd>
              <Tree value={inner} />
            </dd>
          </div>
        ))}
      </dl>
    );
  }
  return <span className={`tree-${value === null ? "null" : typeof value}`}>{String(value)}</span>;
}
