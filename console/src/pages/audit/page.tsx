import { useT } from "../../i18n";
import { Empty } from "../../parts/Empty";
import { PageHead } from "../../parts/PageHead";

export default function AuditPage() {
  const t = useT();
  return (
    <>
      <PageHead title={t("audit.title")} />
      <Empty title={t("audit.soon")} />
    </>
  );
}
