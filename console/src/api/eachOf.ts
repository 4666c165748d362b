/** The same request for many workflows, a few at a time, with an outcome for each. One that fails stops no other. */
const AT_ONCE = 4;

export async function eachOf<Outcome>(
  ids: readonly string[],
  work: (id: string) => Promise<Outcome>,
  onOutcome: (id: string, outcome: Outcome) => void,
  failed: (error: unknown) => Outcome,
  onBegin: (id: string) => void = () => undefined,
): Promise<void> {
  const waiting = [...ids];
  const worker = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      onBegin(id);
      onOutcome(id, await work(id).catch(failed));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
