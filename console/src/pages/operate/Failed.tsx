/** The failed: why each failed, and those of one code together. */
import type { Summary } from "../../api/client";
import type { Failure } from "../../api/failures";
import { useT } from "../../i18n";
import { Button } from "../../parts/Button";

export type Failures = ReadonlyMap<string, Failure>;

/** Rows of one code stand together, the most frequent code first. */
export function byCode(rows: readonly Summary[], failures: Failures | undefined): readonly Summary[] {
  if (failures === undefined) return rows;
  const order = codesOf(rows.map((row) => row.workflow_id), failures).map(({ code }) => code);
  const at = (row: Summary) => order.indexOf(failures.get(row.workflow_id)?.code);
  return [...rows].sort((a, b) => at(a) - at(b));
}

/** Each code with its workflows, the most frequent first; those without a code last. */
export function codesOf(ids: readonly string[], failures: Failures): { code: string | undefined; ids: string[] }[] {
  const found = new Map<string | undefined, string[]>();
  for (const id of ids) {
    const code = failures.get(id)?.code;
    found.set(code, [...(found.get(code) ?? []), id]);
  }
  const rank = ({ code, ids: mine }: { code: string | undefined; ids: string[] }) => (code === undefined ? 0 : mine.length);
  return [...found].map(([code, mine]) => ({ code, ids: mine })).sort((a, b) => rank(b) - rank(a));
}

export function FailureTold({ failure }: { failure: Failure | undefined }) {
  if (failure === undefined) return <span className="quiet">–</span>;
  return (
    <span title={`${failure.code}: ${failure.message}`}>
      <code>{failure.code}</code> {failure.message}
    </span>
  );
}

interface CodesProps {
  ids: readonly string[];
  failures: Failures;
  onSelect: (ids: ReadonlySet<string>) => void;
}

export function Codes({ ids, failures, onSelect }: CodesProps) {
  const t = useT();
  return (
    <ul className="filter-chips operate-codes" aria-label={t("operate.codes")}>
      {codesOf(ids, failures).map(({ code, ids: mine }) => (
        <li key={code ?? ""}>
          <Button className="chip chip-button" onPress={() => onSelect(new Set(mine))}>
            {t("operate.code", { code: code ?? t("operate.code.none"), count: mine.length })}
          </Button>
        </li>
      ))}
    </ul>
  );
}
