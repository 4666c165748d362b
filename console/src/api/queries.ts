/** The queries that more than one page asks. Their keys are what the live hook invalidates. */
import { queryOptions, useQuery } from "@tanstack/react-query";

import { type Client, type Schemas, data } from "./client";

export const keys = {
  me: ["me"] as const,
  counts: ["counts"] as const,
  rulesets: ["rulesets"] as const,
  lists: ["workflows"] as const,
  activity: ["activity"] as const,
  workflow: (id: string) => ["workflow", id] as const,
};

export function meQuery(client: Client) {
  return queryOptions({ queryKey: keys.me, queryFn: () => data(client.GET("/me")), staleTime: 5 * 60_000 });
}

export function countsQuery(client: Client) {
  return queryOptions({ queryKey: keys.counts, queryFn: () => data(client.GET("/counts")) });
}

export function rulesetsQuery(client: Client) {
  return queryOptions({
    queryKey: keys.rulesets,
    queryFn: () => data(client.GET("/rulesets", { params: { query: { limit: 100 } } })),
    staleTime: 5 * 60_000,
  });
}

/** Which actions the policies permit this person; none until the service said so. */
export function useMay(client: Client): (action: Schemas["Caller"]["permitted_actions"][number]) => boolean {
  const actions = useQuery(meQuery(client)).data?.permitted_actions;
  return (action) => actions?.includes(action) ?? false;
}
