/** What the policies permit this person, before anything is tried. The service decides; this says what is worth a try. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Caller, Client, State } from "./client";
import { meQuery } from "./queries";

/** The action of each move, as the policies name it. */
const ACTIONS: Record<State, string> = {
  CREATED: "createWorkflow",
  ACTIVE: "activateWorkflow",
  PAUSED: "pauseWorkflow",
  COMPLETED: "completeWorkflow",
  FAILED: "failWorkflow",
  CANCELLED: "cancelWorkflow",
};

export interface Permitted {
  /** Whether the policies may permit moves to this state; true until the service said so. */
  move: (target: State) => boolean;
  /** The roles of the person, for the sentence that says why not. */
  roles: string;
}

export function permittedOf(me: Pick<Caller, "permitted_actions" | "roles"> | undefined): Permitted {
  return {
    move: (target) => me === undefined || me.permitted_actions.includes(ACTIONS[target]),
    roles: me === undefined || me.roles.length === 0 ? "–" : me.roles.join(", "),
  };
}

export function usePermitted(client: Client): Permitted {
  const me = useQuery(meQuery(client)).data;
  return useMemo(() => permittedOf(me), [me]);
}
