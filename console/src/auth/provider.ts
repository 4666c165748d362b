/** The library that signs people in at the laboratory's provider. It comes after the first paint. */
import { UserManager, WebStorageStateStore } from "oidc-client-ts";

import type { Challenge } from "../api/problem";
import { OtherPerson } from "./otherPerson";
import type { Settings } from "./settings";

export const CALLBACK = "/signed-in";

export interface Provider {
  /** Completes a sign-in that the provider sent back, and says where the person was. None in a window of its own. */
  complete: () => Promise<string | undefined>;
  /** Goes to the provider, and comes back to this place. */
  leave: (back: string, asked?: Asked) => Promise<void>;
  /** Signs in in a window of its own, so that nothing on this page is lost. */
  inWindow: (asked?: Asked) => Promise<void>;
  /** Renews the sign-in without the person. */
  renew: () => Promise<void>;
  end: () => Promise<void>;
}

/** Who should sign in, and how freshly. */
export interface Asked {
  sub?: string | undefined;
  challenge?: Challenge | undefined;
}

/** The sign-in is in the language that the console has when it begins. */
export function openProvider(settings: Settings, origin: string, languageOf: () => string, onUser: () => void): Provider {
  const manager = new UserManager({
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
  const parameters = ({ sub, challenge }: Asked = {}) => ({
    ui_locales: languageOf(),
    ...(sub !== undefined && { login_hint: sub }),
    ...(challenge !== undefined && { prompt: "login" }),
    ...(challenge?.maxAge !== undefined && { max_age: challenge.maxAge }),
    ...(challenge?.acr !== undefined && { acr_values: challenge.acr }),
  });
  let isAsking = false;
  // Who signs in in a window may be another person: that is looked at first.
  manager.events.addUserLoaded(() => {
    if (!isAsking) onUser();
  });
  return {
    complete: async () => {
      // A window of its own closes here, and its opener goes on.
      const user = await manager.signinCallback();
      return typeof user?.state === "string" ? user.state : undefined;
    },
    leave: (back, asked) => manager.signinRedirect({ state: back, ...parameters(asked) }),
    inWindow: async (asked) => {
      const before = await manager.getUser();
      isAsking = true;
      try {
        const user = await manager.signinPopup({ ...parameters(asked), popupAbortOnClose: true });
        if (asked?.sub === undefined || user.profile.sub === asked.sub) return;
        await manager.revokeTokens().catch(() => undefined);
        await manager.storeUser(before);
        throw new OtherPerson();
      } finally {
        isAsking = false;
      }
    },
    renew: async () => {
      await manager.signinSilent();
    },
    end: async () => {
      // A provider that cannot be reached must not keep the person signed in here.
      await manager.revokeTokens().catch(() => undefined);
      await manager.removeUser();
    },
  };
}
