/** Signing in by OpenID Connect: authorization code with PKCE. The token stays in this tab. */
import { type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import { createContext, useContext, useSyncExternalStore } from "react";

import type { TokenSource } from "../api/client";
import type { Settings } from "./settings";

/** `ended`: the service no longer takes the token; what is on the screen stays until the person is back. */
export type Standing = "signed-out" | "signed-in" | "ended";

/** A token from the tests' harness, instead of one from the provider. */
const HANDED_OVER = "alims.token";
const CALLBACK = "/signed-in";

export class Session implements TokenSource {
  readonly #manager: UserManager;
  readonly #listeners = new Set<() => void>();
  #standing: Standing = "signed-out";
  #user: User | null = null;

  constructor(settings: Settings, origin: string) {
    this.#manager = new UserManager({
      authority: settings.issuer,
      client_id: settings.client_id,
      redirect_uri: `${origin}${CALLBACK}`,
      popup_redirect_uri: `${origin}${CALLBACK}`,
      post_logout_redirect_uri: `${origin}/`,
      response_type: "code",
      scope: settings.scopes.join(" "),
      userStore: new WebStorageStateStore({ store: window.sessionStorage }),
      // With the refresh token, in the background. It does not count as fresh authentication.
      automaticSilentRenew: true,
      monitorSession: false,
      loadUserInfo: false,
    });
    this.#manager.events.addUserLoaded((user) => this.#took(user));
  }

  /** Finds the session of this tab, or completes the sign-in that the provider sends back. */
  async restore(): Promise<string | undefined> {
    if (sessionStorage.getItem(HANDED_OVER) !== null) {
      this.#becomes("signed-in");
      return undefined;
    }
    if (window.location.pathname === CALLBACK && window.location.search !== "") {
      // A window of its own closes here, and its opener goes on.
      const user = await this.#manager.signinCallback();
      if (user !== undefined) this.#took(user);
      const back = typeof user?.state === "string" ? user.state : "/bench";
      return back.startsWith("/") && !back.startsWith("//") ? back : "/bench";
    }
    const user = await this.#manager.getUser();
    if (user !== null && user.expired !== true) this.#took(user);
    return undefined;
  }

  /** Goes to the provider, and comes back to this page. */
  async signIn(): Promise<void> {
    const { pathname, search } = window.location;
    await this.#manager.signinRedirect({ state: pathname === CALLBACK ? "/bench" : pathname + search });
  }

  /** Signs in again in a window of its own, so that nothing on this page is lost. */
  async signInAgain(): Promise<void> {
    sessionStorage.removeItem(HANDED_OVER);
    this.#took(await this.#manager.signinPopup());
  }

  /** Asks for fresh authentication, as a signature needs it: not older than this, in seconds. */
  async authenticateFreshly(maxAge: number): Promise<void> {
    this.#took(await this.#manager.signinPopup({ max_age: maxAge, prompt: "login" }));
  }

  async signOut(): Promise<void> {
    const handedOver = sessionStorage.getItem(HANDED_OVER) !== null;
    sessionStorage.removeItem(HANDED_OVER);
    // A provider that cannot be reached must not keep the person signed in here.
    await this.#manager.revokeTokens().catch(() => undefined);
    await this.#manager.removeUser();
    this.#user = null;
    if (handedOver) this.#becomes("signed-out");
    // A full load: no answer to this person stays in memory.
    else window.location.assign("/");
  }

  async token(): Promise<string | undefined> {
    const handedOver = sessionStorage.getItem(HANDED_OVER);
    if (handedOver !== null) return handedOver;
    if (this.#user?.expired === true) this.refused();
    return this.#user?.access_token;
  }

  refused(): void {
    if (this.#standing === "signed-in") this.#becomes("ended");
  }

  /** The person's printed name, where the provider gives one. */
  get name(): string | undefined {
    return this.#user?.profile.name;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly standing = (): Standing => this.#standing;

  #took(user: User): void {
    this.#user = user;
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
