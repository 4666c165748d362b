/** What changed at the service, as it happens: server-sent events, or the list of what was updated last. */
import { createParser } from "eventsource-parser";

import type { Client, TokenSource } from "../api/client";
import { data } from "../api/client";

export type LiveStatus = "connecting" | "events" | "polling" | "interrupted";

/** A workflow that changed; without one, anything may have. */
export interface Change {
  workflowId?: string;
}

export interface LiveOptions {
  client: Client;
  tokens: TokenSource;
  transport: "events" | "polling";
  onChange: (change: Change) => void;
  onStatus: (status: LiveStatus) => void;
  signal: AbortSignal;
}

const POLL_MS = 5000;
/** The list may show an update late; the time between two looks overlaps by this. */
const OVERLAP_MS = 10_000;
const RETRY_MAX_MS = 30_000;

/** Runs until the signal: a lost connection comes back, and what happened meanwhile is asked for. */
export async function live(options: LiveOptions): Promise<void> {
  let attempt = 0;
  let lastId: string | undefined;
  let { transport } = options;
  while (!options.signal.aborted) {
    try {
      if (transport === "polling") await poll(options);
      else {
        await listen(options, lastId, (id) => {
          attempt = 0;
          lastId = id ?? lastId;
        });
      }
    } catch (error) {
      if (options.signal.aborted) return;
      if (error instanceof NoEvents) {
        transport = "polling";
        continue;
      }
    }
    if (options.signal.aborted) return;
    options.onStatus("interrupted");
    attempt += 1;
    await pause(retryAfter(attempt, Math.random()), options.signal);
  }
}

/** From one second to thirty, spread so that not every console comes back at once. */
export function retryAfter(attempt: number, random: number): number {
  const longest = Math.min(RETRY_MAX_MS, 1000 * 2 ** Math.min(attempt - 1, 10));
  return longest / 2 + (longest / 2) * random;
}

/** The server has no event stream. */
class NoEvents extends Error {}

async function listen(
  { tokens, onChange, onStatus, signal }: LiveOptions,
  lastId: string | undefined,
  onHeard: (id?: string) => void,
): Promise<void> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  const token = await tokens.token();
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  if (lastId !== undefined) headers["Last-Event-ID"] = lastId;
  const response = await fetch("/events", { headers, signal, cache: "no-store" });
  if (response.status === 401) tokens.refused();
  if (response.status === 404 || response.status === 405) throw new NoEvents();
  if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`);
  onHeard();
  onStatus("events");
  // Without a number nothing says what was missed since the last answer.
  if (lastId === undefined) onChange({});
  const parser = createParser({
    onEvent: (event) => {
      onHeard(event.id);
      onChange(changeOf(event.data));
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.feed(value);
  }
}

/** The workflow that an event is of. */
export function changeOf(line: string): Change {
  try {
    const event = JSON.parse(line) as { detail?: { workflow_id?: unknown } };
    const id = event.detail?.workflow_id;
    return typeof id === "string" ? { workflowId: id } : {};
  } catch {
    return {};
  }
}

async function poll({ client, onChange, onStatus, signal }: LiveOptions): Promise<void> {
  const seen = new Map<string, number>();
  let since: string | undefined;
  while (!signal.aborted) {
    const query = { order: "updated" as const, limit: 100, ...(since === undefined ? {} : { updated_after: since }) };
    const page = await data(client.GET("/workflows", { params: { query }, signal }));
    onStatus("polling");
    const first = since === undefined;
    for (const item of page.items) {
      if (seen.get(item.workflow_id) !== item.published_version && !first) onChange({ workflowId: item.workflow_id });
      seen.set(item.workflow_id, item.published_version);
    }
    // More changed than a page holds: ask for everything.
    if (!first && page.next_cursor !== undefined) onChange({});
    const newest = page.items[0]?.updated_at;
    if (newest !== undefined) since = new Date(Date.parse(newest) - OVERLAP_MS).toISOString();
    await pause(POLL_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
