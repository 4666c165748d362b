/** One hook for both transports: it renews the queries of what changed, and says how it hears of that. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { useClient } from "../api/context";
import { keys } from "../api/queries";
import { useSession, useStanding } from "../auth/session";
import { type Change, type LiveStatus, live } from "./live";

/** Changes that come together are one look at the lists. */
const GATHER_MS = 400;

export function useLive(transport: "events" | "polling"): LiveStatus {
  const client = useClient();
  const session = useSession();
  const standing = useStanding();
  const queries = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>("connecting");
  useEffect(() => {
    if (standing !== "signed-in") return;
    const stop = new AbortController();
    const gather = gathering(queries);
    void live({
      client,
      tokens: session,
      transport,
      onChange: gather.add,
      onStatus: setStatus,
      signal: stop.signal,
    });
    return () => {
      stop.abort();
      gather.stop();
    };
  }, [client, session, standing, queries, transport]);
  return status;
}

function gathering(queries: QueryClient) {
  const ids = new Set<string>();
  let all = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const renew = () => {
    timer = undefined;
    if (all) void queries.invalidateQueries({ queryKey: ["workflow"] });
    else for (const id of ids) void queries.invalidateQueries({ queryKey: keys.workflow(id) });
    for (const queryKey of [keys.lists, keys.counts, keys.activity]) void queries.invalidateQueries({ queryKey });
    ids.clear();
    all = false;
  };
  return {
    add: ({ workflowId }: Change) => {
      if (workflowId === undefined) all = true;
      else ids.add(workflowId);
      timer ??= setTimeout(renew, GATHER_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
