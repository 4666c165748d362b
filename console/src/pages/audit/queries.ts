/** The activity of a period, page by page. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { type Client, data } from "../../api/client";
import { keys } from "../../api/queries";
import type { AuditSearch, spanOf } from "./search";

const PAGE = 100;

export function activityQuery(client: Client, search: AuditSearch, span: ReturnType<typeof spanOf>, cursor: string | undefined) {
  const query = {
    limit: PAGE,
    ...span,
    ...(search.principal !== undefined && { principal: search.principal }),
    ...(search.kind !== undefined && { kind: search.kind }),
    ...(cursor !== undefined && { cursor }),
  };
  return queryOptions({
    queryKey: [...keys.activity, query],
    queryFn: ({ signal }) => data(client.GET("/activity", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}
