import { useT } from "../../i18n";
import { Empty } from "../../parts/Empty";
import { PageHead } from "../../parts/PageHead";

export default function RulesPage() {
  const t = useT();
  return (
    <>
      <PageHead title={t("rules.title")} />
      <Empty title={t("rules.soon")} />
    </>
  );
}
