import { useT } from "../../i18n";
import { PageHead } from "../../parts/PageHead";

export default function WorkflowPage() {
  const t = useT();
  return <PageHead title={t("workflow.title")} />;
}
