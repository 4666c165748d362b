import { useQuery } from "@tanstack/react-query";
import { Suspense, lazy } from "react";

import { useClient } from "../api/context";
import { meQuery } from "../api/queries";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { CardButton } from "../parts/CardButton";
import { arriving } from "../parts/arrival";

const PersonCard = lazy(() => arriving(import("./PersonCard")));

/** Who works here, and how they like it. */
export function Person() {
  const t = useT();
  const session = useSession();
  const me = useQuery(meQuery(useClient()));
  const shown = session.name ?? me.data?.principal ?? "…";
  return (
    <CardButton
      className="person"
      card={{ label: t("person.menu"), className: "person-card", placement: "right bottom" }}
      face={
        <>
          <span className="avatar" aria-hidden="true">
            {shown.slice(0, 1).toUpperCase()}
          </span>
          <span className="rail-text">
            <span className="visually-hidden">{t("person.menu")}: </span>
            <span className="person-name">{shown}</span>
            <span className="quiet">{me.data?.roles.join(", ")}</span>
          </span>
        </>
      }
    >
      {() => (
        <Suspense>
          <PersonCard />
        </Suspense>
      )}
    </CardButton>
  );
}
