/** Open workflows with their signatures, and which of them wait for this person. */
import { infiniteQueryOptions } from "@tanstack/react-query";

import { type Client, type Schemas, type Summary, data } from "../../api/client";
import { keys } from "../../api/queries";
import { type Signer, counting, waitsFor } from "../../signing/signing";
import type { ListName } from "./search";

const PAGE = 100;
/** Pages that are read without being asked for; a button reads more. */
export const PAGES_READ = 3;

/** What is signed before it is completed: active work, in the order that no change disturbs. */
export function activeQuery(client: Client) {
  const filters = { state: ["ACTIVE" as const], order: "created" as const, include: "metadata" as const, limit: PAGE };
  return infiniteQueryOptions({
    queryKey: [...keys.lists, "review"],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, ...(pageParam !== "" && { cursor: pageParam }) };
      return data(client.GET("/workflows", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page: Schemas["WorkflowList"]) => page.next_cursor,
  });
}

export function rowsOf(list: ListName, rows: readonly Summary[], signer: Signer): Summary[] {
  const isMine = (row: Summary) => counting(row.signatures).some((each) => each.by === signer.principal);
  if (list === "waiting") return rows.filter((row) => waitsFor(row, signer) !== undefined);
  return list === "signed" ? rows.filter(isMine) : [...rows];
}
