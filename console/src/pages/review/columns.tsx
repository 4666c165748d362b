/** What each column of the review says of a workflow. */
import { useMemo, useRef } from "react";

import type { KeptSignature, Summary } from "../../api/client";
import { useT } from "../../i18n";
import type { Column } from "../../parts/Grid";
import { Instant } from "../../time/Instant";
import { type Signer, counting, waitsFor } from "../../signing/signing";
import { Due, RowLabels, RowLink, labelOrder } from "../bench/Rows";

export function useReviewColumns(rows: readonly Summary[], signer: Signer, onOpen: (id: string) => void): Column<Summary>[] {
  const t = useT();
  const open = useRef(onOpen);
  open.current = onOpen;
  const names = labelOrder(rows).join(" ");
  return useMemo(() => {
    const order = names.split(" ");
    return [
      {
        id: "waits",
        className: "col-waits",
        name: t("review.waits"),
        cell: (row) => {
          const meaning = waitsFor(row, signer);
          return meaning === undefined ? <span className="quiet">–</span> : <b>{t(`meaning.${meaning}`)}</b>;
        },
      },
      {
        id: "id",
        className: "col-id",
        name: t("bench.workflow"),
        isRowHeader: true,
        cell: (row) => <RowLink id={row.workflow_id} onOpen={(id) => open.current(id)} />,
      },
      { id: "labels", className: "col-labels", name: t("bench.labels"), cell: (row) => <RowLabels labels={row.labels} order={order} /> },
      {
        id: "signatures",
        className: "col-signatures",
        name: t("signatures.title"),
        cell: (row) => <Signed signatures={counting(row.signatures)} />,
      },
      { id: "due", className: "col-time", name: t("bench.due"), cell: (row) => <Due row={row} /> },
      { id: "updated", className: "col-time", name: t("bench.updated"), cell: (row) => <Instant at={row.updated_at} narrow /> },
    ];
  }, [names, signer, t]);
}

function Signed({ signatures }: { signatures: readonly KeptSignature[] }) {
  const t = useT();
  if (signatures.length === 0) return <span className="quiet">–</span>;
  return <>{signatures.map(({ meaning, name }) => `${t(`meaning.${meaning}`)}: ${name}`).join(" · ")}</>;
}
