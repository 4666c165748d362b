/** Deciding on one version: what the service said, and what a newer version means for it. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { newKey } from "../../api/client";
import { asProblem } from "../../api/problem";
import { keys } from "../../api/queries";

export interface Attempt {
  isBusy: boolean;
  /** The version that was decided on. */
  version: number;
  /** The version that stands now, after a conflict. */
  newer: number | undefined;
  failure: unknown;
  wouldPass: boolean;
  /** Another wish is another request. */
  renew: () => void;
  decideAgain: () => void;
  ask: (call: (version: number, key: string) => Promise<unknown>, dryRun: boolean) => Promise<boolean>;
}

export function useAttempt(id: string, first: number): Attempt {
  const queries = useQueryClient();
  const [version, setVersion] = useState(first);
  const [newer, setNewer] = useState<number>();
  const [key, setKey] = useState(newKey);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const [wouldPass, setWouldPass] = useState(false);
  const renew = () => {
    setKey(newKey());
    setFailure(undefined);
    setWouldPass(false);
  };
  return {
    isBusy,
    version,
    newer,
    failure,
    wouldPass,
    renew,
    decideAgain: () => {
      if (newer !== undefined) setVersion(newer);
      setNewer(undefined);
      renew();
    },
    ask: async (call, dryRun) => {
      setBusy(true);
      setFailure(undefined);
      setWouldPass(false);
      try {
        await call(version, key);
        if (dryRun) setWouldPass(true);
        else await queries.invalidateQueries({ queryKey: keys.workflow(id) });
        return true;
      } catch (error) {
        const problem = asProblem(error);
        if (problem.code === "version-conflict") {
          setNewer(problem.body.version);
          await queries.invalidateQueries({ queryKey: keys.workflow(id) });
        } else setFailure(error);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
