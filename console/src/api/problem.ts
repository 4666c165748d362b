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

/** The authentication that the service asks for (RFC 9470). */
export interface Challenge {
  /** The longest time since the person authenticated, in seconds. */
  maxAge?: number;
  /** Classes of authentication, with spaces between them. */
  acr?: string;
}

export class Problem extends Error {
  readonly body: ProblemBody;
  /** How long the service asks to wait, in seconds. */
  readonly retryAfter: number | undefined;
  readonly challenge: Challenge | undefined;

  constructor(body: ProblemBody, retryAfter?: number, challenge?: Challenge) {
    super(body.detail);
    this.name = "Problem";
    this.body = body;
    this.retryAfter = retryAfter;
    this.challenge = challenge;
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

  /** Whether the service answered no. A fault of the console itself says nothing of what the service would do. */
  get refuses(): boolean {
    return this.status >= 400 && !this.passes;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Whether the person is known, and must only prove again who they are. */
export function isInsufficient(body: unknown): boolean {
  return typeof body === "object" && body !== null && "code" in body && body.code === "insufficient-user-authentication";
}

/** Reads `Bearer error="insufficient_user_authentication", max_age=300, acr_values="…"`. */
export function challengeOf(header: string | null): Challenge {
  const parameter = (name: string) => new RegExp(`[\\s,]${name}=(?:"([^"]*)"|([^\\s,]+))`, "i").exec(header ?? "");
  const age = parameter("max_age");
  const acr = parameter("acr_values");
  const maxAge = Number(age?.[1] ?? age?.[2] ?? Number.NaN);
  const classes = acr?.[1] ?? acr?.[2];
  return {
    ...(Number.isInteger(maxAge) && maxAge >= 0 && { maxAge }),
    ...(classes !== undefined && classes !== "" && { acr: classes }),
  };
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
    const challenge = isInsufficient(complete) ? challengeOf(headers?.get("www-authenticate") ?? null) : undefined;
    return new Problem(complete, retryAfter, challenge);
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
