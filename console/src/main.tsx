import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import { makeClient } from "./api/client";
import { ClientProvider } from "./api/context";
import { asProblem } from "./api/problem";
import { Session, SessionProvider } from "./auth/session";
import { loadSettings } from "./auth/settings";
import { TransportProvider } from "./auth/transport";
import { applyLanguage, useT } from "./i18n";
import { afterPaint } from "./parts/afterPaint";
import { applyPreferences } from "./preferences";
import { router } from "./router";
import { SignedOut } from "./shell/SignedOut";

const RETRIES = 2;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Only what may pass is asked again; a refusal is an answer.
      retry: (count, error) => count < RETRIES && asProblem(error).passes,
      refetchOnWindowFocus: true,
      staleTime: 2000,
    },
    mutations: { retry: false },
  },
});

async function begin(): Promise<void> {
  applyPreferences();
  const root = createRoot(document.getElementById("root") as HTMLElement);
  const [settings] = await Promise.all([loadSettings().catch(() => undefined), applyLanguage()]);
  if (settings === undefined) {
    root.render(<NoSettings />);
    return;
  }
  const session = new Session(settings, window.location.origin);
  let failure: unknown;
  try {
    const back = await session.restore();
    if (back !== undefined) router.history.replace(back);
  } catch (error) {
    failure = error;
  }
  const client = makeClient(session, window.location.origin);
  root.render(
    <StrictMode>
      <SessionProvider value={session}>
        <ClientProvider value={client}>
          <TransportProvider value={settings.live}>
            <QueryClientProvider client={queries}>
              {failure === undefined ? <RouterProvider router={router} /> : <SignedOut error={failure} />}
            </QueryClientProvider>
          </TransportProvider>
        </ClientProvider>
      </SessionProvider>
    </StrictMode>,
  );
  afterPaint(() => session.keep());
}

function NoSettings() {
  const t = useT();
  return (
    <main className="door">
      <div className="door-card">
        <h1>{t("settings.missing")}</h1>
        <p>{t("settings.missing.text")}</p>
      </div>
    </main>
  );
}

void begin();
