import { useT } from "../../i18n";
import { Empty } from "../../parts/Empty";
import { PageHead } from "../../parts/PageHead";

export default function OperatePage() {
  const t = useT();
  return (
    <>
      <PageHead title={t("operate.title")} />
      <Empty title={t("operate.soon")} />
    </>
  );
}
