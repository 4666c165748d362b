/** What the console asks the provider for when a person signs in. */
import { beforeEach, expect, test, vi } from "vitest";

const asked = vi.hoisted(() => ({ redirect: vi.fn(), popup: vi.fn() }));

vi.mock("oidc-client-ts", () => ({
  WebStorageStateStore: class {},
  UserManager: class {
    readonly events = { addUserLoaded: () => undefined };
    readonly signinRedirect = asked.redirect;
    readonly signinPopup = asked.popup;
    readonly getUser = () => Promise.resolve(null);
  },
}));

import { openProvider } from "../../src/auth/provider";
import { languageWanted } from "../../src/i18n";
import { type Preferences, prefer } from "../../src/preferences";

beforeEach(() => {
  vi.stubGlobal("window", {});
  vi.stubGlobal("localStorage", { setItem: () => undefined });
  vi.stubGlobal("navigator", { language: "de-AT" });
  asked.redirect.mockReset().mockResolvedValue(undefined);
  asked.popup.mockReset().mockResolvedValue({ profile: { sub: "bob" } });
});

function open() {
  return openProvider({ issuer: "i", client_id: "c", scopes: ["openid"], live: "polling" }, "http://here", languageWanted, () => undefined);
}

async function languages(language: Preferences["language"]): Promise<unknown[]> {
  const provider = open();
  // Chosen after the provider is open: a person may choose at any time.
  prefer({ language });
  await provider.leave("/bench");
  await provider.inWindow({ sub: "bob", challenge: { maxAge: 300 } });
  return [asked.redirect, asked.popup].map((call) => (call.mock.lastCall?.[0] as { ui_locales?: unknown }).ui_locales);
}

test("every sign-in asks for the language that the person chose", async () => {
  expect(await languages("de")).toEqual(["de", "de"]);
  expect(await languages("en")).toEqual(["en", "en"]);
});

test("where the person chose none, the sign-in has the language of the console", async () => {
  expect(await languages("system")).toEqual(["de", "de"]);
});

test("a sign-in names the person and how fresh it must be", async () => {
  await open().inWindow({ sub: "bob", challenge: { maxAge: 300, acr: "gold" } });
  expect(asked.popup.mock.lastCall?.[0]).toMatchObject({ login_hint: "bob", prompt: "login", max_age: 300, acr_values: "gold" });
});
