/** What stands around every page: where one can go, the search, how live it is, and who works here. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { Suspense, lazy, useEffect, useState } from "react";

import { useClient } from "../api/context";
import { countsQuery, meQuery } from "../api/queries";
import { useStanding } from "../auth/session";
import { useLiveTransport } from "../auth/transport";
import { type MessageKey, useT } from "../i18n";
import { useKeyboard, useShortcuts, useShortcutsHeld } from "../keys/keys";
import type { LiveStatus } from "../live/live";
import { useLive } from "../live/useLive";
import mark from "../mark.svg";
import { Boundary } from "../parts/Boundary";
import { afterPaint } from "../parts/afterPaint";
import { arriving } from "../parts/arrival";
import { Button } from "../parts/Button";
import { SignedOut } from "./SignedOut";
import { Person } from "./Person";
import { focusSearch } from "./focus";
import { goThere, useSettledFocus } from "./settle";

// The frame is drawn before these come: the work of the day needs none of them at once.
const Ended = lazy(() => arriving(import("./Ended")));
const KeysHelp = lazy(() => arriving(import("./KeysHelp")));
const SearchBox = lazy(() => arriving(import("./SearchBox")));

type Place = "/bench" | "/review" | "/audit" | "/operate" | "/rules";

const PLACES: readonly { to: Place; label: MessageKey; keys: string; icon: string }[] = [
  { to: "/bench", label: "bench.title", keys: "g b", icon: "M2 5h12M2 8h12M2 11h8" },
  { to: "/review", label: "review.title", keys: "g r", icon: "m2.5 11.5 7.8-7.8 2 2-7.8 7.8H2.5zM9 14h5" },
  { to: "/audit", label: "audit.title", keys: "g a", icon: "M3 2h7l3 3v9H3zM6 7h4M6 10h4" },
  { to: "/operate", label: "operate.title", keys: "g o", icon: "M1.5 8h3l2-5 3 10 2-5h3" },
  { to: "/rules", label: "rules.title", keys: "g l", icon: "M8 2v12M3 5h10M1.5 10 3 5l1.5 5zM11.5 10 13 5l1.5 5z" },
];

export function Shell() {
  const standing = useStanding();
  return standing === "signed-out" ? <SignedOut /> : <Inside ended={standing === "ended"} />;
}

function Inside({ ended }: { ended: boolean }) {
  const t = useT();
  const navigate = useNavigate();
  const status = useLive(useLiveTransport());
  const [help, setHelp] = useState(false);
  useKeyboard();
  useSettledFocus();
  useShortcutsHeld(help);
  useEffect(() => afterPaint(() => import("../parts/Card")), []);
  useShortcuts([
    { keys: "/", label: "keys.search", group: "everywhere", run: focusSearch },
    { keys: "?", label: "keys.help", group: "everywhere", run: () => setHelp(true) },
    ...PLACES.map(({ to, label, keys }) => ({
      keys,
      label,
      group: "go" as const,
      run: () => {
        goThere();
        void navigate({ to, search: {} });
      },
    })),
  ]);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("skip")}
      </a>
      <Rail status={status} />
      <div className="stage">
        <header className="topbar">
          <Boundary fallback={<span className="search" />}>
            <Suspense fallback={<span className="search" />}>
              <SearchBox />
            </Suspense>
          </Boundary>
          <Button className="button-plain" onPress={() => setHelp(true)} aria-label={t("keys.open")}>
            <kbd>?</kbd>
          </Button>
        </header>
        <main id="content" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Boundary fallback={<Missing />}>
        <Suspense>
          {help && <KeysHelp isOpen onClose={() => setHelp(false)} />}
          {ended && <Ended />}
        </Suspense>
      </Boundary>
      <Warm />
    </div>
  );
}

function Rail({ status }: { status: LiveStatus }) {
  const t = useT();
  return (
    <nav className="rail" aria-label={t("nav.label")}>
      <Link className="brand" to="/bench" search={{}} aria-label={t("product")}>
        <img src={mark} alt="" width="26" height="26" />
        <span>ALIMS</span>
      </Link>
      <ul>
        {PLACES.map(({ to, label, keys, icon }) => (
          <li key={to}>
            <Link className="rail-link" to={to} search={{}} activeOptions={{ includeSearch: false }}>
              <svg viewBox="0 0 16 16" width="17" height="17" aria-hidden="true">
                <path d={icon} />
              </svg>
              <span className="rail-text">{t(label)}</span>
              <kbd aria-hidden="true">{keys}</kbd>
            </Link>
          </li>
        ))}
      </ul>
      <div className="rail-foot">
        <Live status={status} />
        <Person />
      </div>
    </nav>
  );
}

/** A part of the frame did not arrive; the page goes on. */
function Missing() {
  const t = useT();
  return (
    <p className="ended" role="alert">
      {t("broken.missing.text")}
    </p>
  );
}

/** Asks for what nearly every page needs. */
function Warm() {
  const client = useClient();
  useQuery(meQuery(client));
  useQuery(countsQuery(client));
  return null;
}

function Live({ status }: { status: LiveStatus }) {
  const t = useT();
  return (
    <p className={`live live-${status}`} role="status" title={t(`live.hint.${status}`)}>
      <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
        {status === "interrupted" ? (
          <path d="M3 3l10 10M13 3 3 13" fill="none" stroke="currentColor" strokeWidth="2" />
        ) : (
          <circle
            cx="8"
            cy="8"
            r="5"
            fill={status === "connecting" ? "none" : "currentColor"}
            stroke="currentColor"
            strokeWidth="2"
          />
        )}
      </svg>
      <span className="rail-text">{t(`live.${status}`)}</span>
    </p>
  );
}
