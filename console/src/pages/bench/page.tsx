import { useT } from "../../i18n";
import { PageHead } from "../../parts/PageHead";

export default function BenchPage() {
  const t = useT();
  return <PageHead title={t("bench.title")} />;
}
