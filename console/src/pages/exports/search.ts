/** What is exported, and which export is shown, as they stand in the address. */
import { type AuditSearch, readAudit } from "../audit/search";
import { oneText } from "../../search";

export interface ExportsSearch extends AuditSearch {
  /** One workflow instead of a period. */
  workflow?: string;
  /** The export that is shown. */
  export?: string;
}

const ID = /^[A-Za-z0-9._:-]{1,128}$/;

export function readExports(search: Record<string, unknown>): ExportsSearch {
  const found: ExportsSearch = readAudit(search);
  for (const name of ["workflow", "export"] as const) {
    const id = oneText(search[name]);
    if (id !== undefined && ID.test(id)) found[name] = id;
  }
  return found;
}
