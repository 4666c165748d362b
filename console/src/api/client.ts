/** The typed client of the service, generated from `openapi.yaml`; console and service share one origin. */
import createClient, { type Middleware } from "openapi-fetch";

import { isInsufficient, problemOf, unreachable } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type State = Schemas["State"];
export type Summary = Schemas["WorkflowSummary"];
export type Workflow = Schemas["WorkflowState"];
export type Caller = Schemas["Caller"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type WorkflowEvent = Schemas["WorkflowEvent"];
export type Meaning = Schemas["Meaning"];
export type KeptSignature = Schemas["KeptSignature"];

/** The states in the order in which people meet them. */
export const STATES: readonly State[] = ["CREATED", "ACTIVE", "PAUSED", "FAILED", "COMPLETED", "CANCELLED"];

/** What the client needs of the session. */
export interface TokenSource {
  token(): Promise<string | undefined>;
  /** The service no longer takes the token. */
  refused(): void;
}

export type Client = ReturnType<typeof makeClient>;

export function makeClient(tokens: TokenSource, origin: string) {
  const client = createClient<paths>({ baseUrl: origin });
  const authorization: Middleware = {
    async onRequest({ request }) {
      const token = await tokens.token();
      if (token !== undefined) request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
    async onResponse({ response }) {
      if (response.status !== 401) return;
      // A signature asks the person to prove again who they are; the session goes on.
      const body: unknown = await response.clone().json().catch(() => undefined);
      if (!isInsufficient(body)) tokens.refused();
    },
    onError() {
      return unreachable();
    },
  };
  client.use(authorization);
  return client;
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of a success with its response; everything else is thrown as a `Problem`. */
export async function answer<Data>(call: Promise<Answer<Data>>): Promise<{ data: Data; response: Response }> {
  const { data, error, response } = await call;
  if (data === undefined) throw problemOf(response.status, error, response.headers);
  return { data, response };
}

/** Only the data of a success. */
export async function data<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  return (await answer(call)).data;
}

/** A name for a request that may be repeated, but takes effect once. */
export function newKey(): string {
  return crypto.randomUUID();
}
