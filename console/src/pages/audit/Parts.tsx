/** The head of the audit and its three pages: the activity, its reviews, and what left the service. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useT } from "../../i18n";
import { PageHead } from "../../parts/PageHead";

const PARTS = [
  ["/audit", "activity"],
  ["/audit/reviews", "reviews"],
  ["/audit/exports", "exports"],
] as const;

export function AuditHead({ part, aside, children }: { part: (typeof PARTS)[number][1]; aside?: ReactNode; children?: ReactNode }) {
  const t = useT();
  return (
    <PageHead title={t("audit.title")} aside={aside}>
      <nav className="views audit-parts" aria-label={t("audit.parts")}>
        <ul>
          {PARTS.map(([to, name]) => (
            <li key={name}>
              <Link className="part" to={to} search={{}} activeOptions={{ exact: true, includeSearch: false }} aria-current={part === name ? "page" : undefined}>
                {t(`audit.part.${name}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {children}
    </PageHead>
  );
}
