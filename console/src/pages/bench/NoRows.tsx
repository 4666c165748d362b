import { Link } from "@tanstack/react-router";

import { useT } from "../../i18n";
import { Empty } from "../../parts/Empty";

/** An empty bench says what to do first. */
export function NoRows({ isFirst }: { isFirst: boolean }) {
  const t = useT();
  if (isFirst) {
    return (
      <Empty title={t("bench.first.title")}>
        <p>{t("bench.first.text")}</p>
        <pre className="command">cargo local seed</pre>
      </Empty>
    );
  }
  return (
    <Empty title={t("bench.empty.title")}>
      <p>{t("bench.empty.text")}</p>
      <Link className="button" to="/bench" search={{}}>
        {t("bench.empty.all")}
      </Link>
    </Empty>
  );
}
