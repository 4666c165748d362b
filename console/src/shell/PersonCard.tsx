import { useQuery } from "@tanstack/react-query";

import { useClient } from "../api/context";
import { meQuery } from "../api/queries";
import { useSession } from "../auth/session";
import { useT } from "../i18n";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { prefer, usePreferences } from "../preferences";

export default function PersonCard() {
  const t = useT();
  const session = useSession();
  const me = useQuery(meQuery(useClient()));
  const principal = me.data?.principal ?? "…";
  const shown = session.name ?? principal;
  return (
    <>
      <dl className="facts">
        <dt>{shown === principal ? t("person.roles") : principal}</dt>
        <dd>{me.data?.roles.join(", ")}</dd>
        <dt>{t("person.tenant")}</dt>
        <dd>{me.data?.tenant_id}</dd>
        <dt>{t("person.release")}</dt>
        <dd>{me.data?.service_version}</dd>
      </dl>
      <Preferred />
      <Button className="button" onPress={() => void session.signOut()}>
        {t("person.out")}
      </Button>
    </>
  );
}

function Preferred() {
  const t = useT();
  const { theme, times, zone, language, density } = usePreferences();
  return (
    <>
      <Choice
        label={t("prefer.theme")}
        value={theme}
        choices={(["system", "light", "dark"] as const).map((each) => [each, t(`prefer.theme.${each}`)] as const)}
        onChange={(chosen) => prefer({ theme: chosen })}
      />
      <Choice
        label={t("prefer.times")}
        value={times}
        choices={(["relative", "absolute"] as const).map((each) => [each, t(`prefer.times.${each}`)] as const)}
        onChange={(chosen) => prefer({ times: chosen })}
      />
      <Choice
        label={t("prefer.zone")}
        value={zone}
        choices={(["local", "utc"] as const).map((each) => [each, t(`prefer.zone.${each}`)] as const)}
        onChange={(chosen) => prefer({ zone: chosen })}
      />
      <Choice
        label={t("prefer.density")}
        value={density}
        choices={(["compact", "roomy"] as const).map((each) => [each, t(`prefer.density.${each}`)] as const)}
        onChange={(chosen) => prefer({ density: chosen })}
      />
      <Choice
        label={t("prefer.language")}
        value={language}
        choices={(["system", "en", "de"] as const).map((each) => [each, t(`prefer.language.${each}`)] as const)}
        onChange={(chosen) => prefer({ language: chosen })}
      />
    </>
  );
}
