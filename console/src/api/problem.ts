/** An answer that is no success, as the service describes it (RFC 9457), or a failure to reach the service. */

export interface Reason {
  rule_id: string;
  message: string;
}

export interface Fault {
  pointer?: string;
  message: string;
}

/** What a problem document may hold, over all codes. */
export interface ProblemBody {
  code: string;
  title: string;
  detail: string;
  status: number;
  request_id?: string;
  reasons?: Reason[];
  errors?: Fault[];
  current_state?: string;
  version?: number;
  allowed_transitions?: string[];
}

export class Problem extends Error {
  readonly body: ProblemBody;
  /** How long the service asks to wait, in seconds. */
  readonly retryAfter: number | undefined;

  constructor(body: ProblemBody, retryAfter?: number) {
    super(body.detail);
    this.name = "Problem";
    this.body = body;
    this.retryAfter = retryAfter;
  }

  get code(): string {
    return this.body.code;
  }

  get status(): number {
    return this.body.status;
  }

  get requestId(): string | undefined {
    return this.body.request_id;
  }

  /** Whether the same request may succeed later, without a change. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Reads whatever an answer holds: a problem document, a gateway's `{"message": …}`, or something else. */
export function problemOf(status: number, body: unknown, headers?: Headers): Problem {
  const seconds = Number(headers?.get("retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
  const requestId = headers?.get("x-request-id") ?? undefined;
  if (typeof body === "object" && body !== null && "code" in body && text(body.code) !== undefined) {
    const known = body as Partial<ProblemBody>;
    const complete: ProblemBody = {
      ...known,
      code: known.code ?? "unknown",
      title: known.title ?? String(status),
      detail: known.detail ?? "",
      status: known.status ?? status,
    };
    if (complete.request_id === undefined && requestId !== undefined) complete.request_id = requestId;
    return new Problem(complete, retryAfter);
  }
  const said = typeof body === "object" && body !== null && "message" in body ? text(body.message) : text(body);
  const unknown: ProblemBody = { code: "unknown", title: String(status), detail: said ?? "", status };
  if (requestId !== undefined) unknown.request_id = requestId;
  return new Problem(unknown, retryAfter);
}

/** The service gave no answer at all. */
export function unreachable(): Problem {
  return new Problem({ code: "unreachable", title: "", detail: "", status: 0 });
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem({ code: "console", title: "", detail, status: -1 });
}
