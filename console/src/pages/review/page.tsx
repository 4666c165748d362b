import { useT } from "../../i18n";
import { Empty } from "../../parts/Empty";
import { PageHead } from "../../parts/PageHead";

export default function ReviewPage() {
  const t = useT();
  return (
    <>
      <PageHead title={t("review.title")} />
      <Empty title={t("review.soon")} />
    </>
  );
}
