/** Signing in by OpenID Connect: authorization code with PKCE. The token stays in this tab. */
import { createContext, useContext, useSyncExternalStore } from "react";

import type { TokenSource } from "../api/client";
import type { Challenge } from "../api/problem";
import { languageWanted } from "../i18n";
import { type Held, placeOf, readHeld } from "./held";
import type { Provider } from "./provider";
import type { Settings } from "./settings";

/** `ended`: the service no longer takes the token; what is on the screen stays until the person is back. */
export type Standing = "signed-out" | "signed-in" | "ended";

/** A token from the tests' harness, instead of one from the provider. */
const HANDED_OVER = "alims.token";
const CALLBACK = "/signed-in";

export class Session implements TokenSource {
  readonly #settings: Settings;
  readonly #origin: string;
  readonly #listeners = new Set<() => void>();
  #standing: Standing = "signed-out";
  #held: Held | undefined;
  #provider: Promise<Provider> | undefined;
  #renewal: Promise<void> | undefined;

  constructor(settings: Settings, origin: string) {
    this.#settings = settings;
    this.#origin = origin;
  }

  /** Finds the session of this tab, or completes the sign-in that the provider sends back. */
  async restore(): Promise<string | undefined> {
    if (window.location.pathname === CALLBACK && window.location.search !== "") {
      const back = (await (await this.#open()).complete()) ?? "/bench";
      this.#look();
      return back.startsWith("/") && !back.startsWith("//") ? back : "/bench";
    }
    if (sessionStorage.getItem(HANDED_OVER) !== null) {
      this.#becomes("signed-in");
      return undefined;
    }
    this.#held = this.#stored();
    if (this.#held === undefined) return undefined;
    if (this.#held.expires > Date.now()) this.#becomes("signed-in");
    else await this.#renewed();
    return undefined;
  }

  /** Begins to renew the sign-in in the background; the page is drawn by now. */
  keep(): void {
    if (this.#held !== undefined) void this.#open().catch(() => undefined);
  }

  /** Goes to the provider, and comes back to this page. */
  async signIn(): Promise<void> {
    const { pathname, search } = window.location;
    await (await this.#open()).leave(pathname === CALLBACK ? "/bench" : pathname + search);
  }

  /** Signs in again in a window of its own, so that nothing on this page is lost. */
  async signInAgain(): Promise<void> {
    const handedOver = sessionStorage.getItem(HANDED_OVER);
    await (await this.#open()).inWindow({ sub: this.#held?.sub });
    if (handedOver !== null) sessionStorage.removeItem(HANDED_OVER);
    this.#look();
  }

  /** Asks for fresh authentication, as a signature needs it, in a window of its own. The person stays the same. */
  async authenticateFreshly(challenge: Challenge): Promise<void> {
    await (await this.#open()).inWindow({ sub: this.#held?.sub, challenge });
    sessionStorage.removeItem(HANDED_OVER);
    this.#look();
  }

  /** The same where no window may be opened: this page goes to the provider, and comes back to its place. */
  async leaveToAuthenticate(challenge: Challenge): Promise<void> {
    const { pathname, search } = window.location;
    sessionStorage.removeItem(HANDED_OVER);
    await (await this.#open()).leave(pathname + search, { sub: this.#held?.sub, challenge });
  }

  async signOut(): Promise<void> {
    const handedOver = sessionStorage.getItem(HANDED_OVER) !== null;
    sessionStorage.removeItem(HANDED_OVER);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await (await this.#open()).end();
    if (handedOver) this.#becomes("signed-out");
    // A full load: no answer to this person stays in memory.
    else window.location.assign("/");
  }

  async token(): Promise<string | undefined> {
    const handedOver = sessionStorage.getItem(HANDED_OVER);
    if (handedOver !== null) return handedOver;
    // A laptop that slept, or a tab in the background, renews late.
    if (this.#held !== undefined && this.#held.expires <= Date.now() && this.#standing === "signed-in") await this.#renewed();
    return this.#held?.token;
  }

  refused(): void {
    if (this.#standing === "signed-in") this.#becomes("ended");
  }

  /** The person's printed name, where the provider gives one. */
  get name(): string | undefined {
    return this.#held?.name;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly standing = (): Standing => this.#standing;

  #open(): Promise<Provider> {
    this.#provider ??= import("./provider").then(({ openProvider }) =>
      openProvider(this.#settings, this.#origin, languageWanted, () => this.#look()),
    );
    // What could not be loaded is asked for again.
    this.#provider.catch(() => {
      this.#provider = undefined;
    });
    return this.#provider;
  }

  /** One renewal at a time, however many calls need it. */
  #renewed(): Promise<void> {
    this.#renewal ??= (this.#held?.renewable === true ? this.#open().then((provider) => provider.renew()) : Promise.reject())
      .then(() => this.#look())
      .catch(() => this.refused())
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  #stored(): Held | undefined {
    return readHeld(sessionStorage.getItem(placeOf(this.#settings.issuer, this.#settings.client_id)));
  }

  /** Looks at what the library stored. */
  #look(): void {
    const held = this.#stored();
    if (held === undefined || held.expires <= Date.now()) return;
    this.#held = held;
    this.#becomes("signed-in");
  }

  #becomes(standing: Standing): void {
    this.#standing = standing;
    for (const listener of this.#listeners) listener();
  }
}

const SessionContext = createContext<Session | undefined>(undefined);

export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("no session");
  return session;
}

export function useStanding(): Standing {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.standing);
}
