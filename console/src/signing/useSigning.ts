/** The steps of signing: read what is signed, ask whether the sign-in is fresh enough, sign each, show what became of each. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { newKey } from "../api/client";
import { useClient } from "../api/context";
import { eachOf } from "../api/eachOf";
import { type Challenge, asProblem } from "../api/problem";
import { keys } from "../api/queries";
import type { Read } from "./WhatIsSigned";
import { type Declaration, type Item, type Outcome, headQuery, outcomeOf, sign, signedBy } from "./signing";

export function useSigning(first: readonly string[], drafted: readonly Item[]) {
  const client = useClient();
  const queries = useQueryClient();
  const { ids, reads, items, readAgain } = useReads(first);
  // One request has one name, however often it is repeated; another meaning is another request.
  const requests = useRef(new Map<string, string>());
  const [step, setStep] = useState<"decide" | "busy" | "results">("decide");
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const [needs, setNeeds] = useState<Challenge>();
  const expected = new Map(drafted.map((item) => [item.workflowId, item.version]));
  const changed = new Set(
    items.filter(({ workflowId, version }) => (expected.get(workflowId) ?? version) !== version).map(({ workflowId }) => workflowId),
  );
  return {
    ids,
    reads,
    items,
    changed,
    step,
    outcomes,
    needs,
    isRead: reads.size >= ids.length,
    /** Another look at these: they changed, so what the person decided no longer holds. */
    readAgain: (which: readonly string[]) => {
      readAgain(which);
      setOutcomes(new Map());
      setStep("decide");
    },
    ask: async (which: readonly Item[], declaration: Declaration) => {
      const before = step;
      setStep("busy");
      setNeeds(undefined);
      // A refusal for an old sign-in would be kept in the log. A look writes nothing, and says the same.
      const look = which[0];
      const challenge = look === undefined ? undefined : await sign(client, look, declaration).then(() => undefined, challengeIn);
      if (challenge !== undefined) {
        setNeeds(challenge);
        setStep(before === "results" ? "results" : "decide");
        return;
      }
      setOutcomes((known) => new Map([...known, ...which.map(({ workflowId }) => [workflowId, { is: "waits" }] as const)]));
      const of = new Map(which.map((item) => [item.workflowId, item]));
      const one = async (id: string): Promise<Outcome> => {
        const item = of.get(id);
        if (item === undefined) throw new Error("no such item");
        return signedBy(await sign(client, item, declaration, keyOf(requests.current, item, declaration)));
      };
      const told = (id: string, outcome: Outcome) => {
        setOutcomes((known) => new Map(known).set(id, outcome));
        // The sign-in may have become too old on the way.
        if (outcome.is === "undecided" && outcome.problem.challenge !== undefined) setNeeds(outcome.problem.challenge);
      };
      await eachOf([...of.keys()], one, told, outcomeOf);
      setStep("results");
      for (const queryKey of [keys.lists, keys.counts, keys.activity]) void queries.invalidateQueries({ queryKey });
      for (const id of of.keys()) void queries.invalidateQueries({ queryKey: keys.workflow(id) });
    },
  };
}

/** The newest version of each, and the items that could be read. */
function useReads(first: readonly string[]) {
  const client = useClient();
  const queries = useQueryClient();
  const [ids, setIds] = useState(first);
  const [reads, setReads] = useState<ReadonlyMap<string, Read>>(new Map());
  useEffect(() => {
    let isOver = false;
    const keep = (id: string, read: Read) => {
      if (!isOver) setReads((before) => new Map(before).set(id, read));
    };
    const read = async (id: string): Promise<Read> => ({ event: await queries.fetchQuery(headQuery(client, id)) });
    void eachOf(ids, read, keep, (error): Read => ({ error }));
    return () => {
      isOver = true;
    };
  }, [ids, client, queries]);
  const items = ids.flatMap((workflowId): Item[] => {
    const read = reads.get(workflowId);
    if (read === undefined || "error" in read) return [];
    return [{ workflowId, version: read.event.version }];
  });
  const readAgain = (which: readonly string[]) => {
    setIds(which);
    setReads(new Map());
  };
  return { ids, reads, items, readAgain };
}

function keyOf(requests: Map<string, string>, item: Item, declaration: Declaration): string {
  const request = JSON.stringify([item, declaration]);
  const key = requests.get(request) ?? newKey();
  requests.set(request, key);
  return key;
}

function challengeIn(error: unknown): Challenge | undefined {
  return asProblem(error).challenge;
}
