
import { useT } from "../i18n";
import { Button } from "./Button";
import { Icon } from "./Icon";

interface Props {
  page: number;
  hasNext: boolean;
  onNext: () => void;
  onBack: () => void;
}

/** From page to page of a list by its cursor; nothing where one page is all. */
export function Pager({ page, hasNext, onNext, onBack }: Props) {
  const t = useT();
  if (page === 1 && !hasNext) return null;
  return (
    <div className="pager">
      <Button className="button" isDisabled={page === 1} onPress={onBack} aria-label={t("bench.previous")}>
        <Icon name="previous" />
      </Button>
      <span aria-live="polite">{t("bench.page", { page })}</span>
      <Button className="button" isDisabled={!hasNext} onPress={onNext} aria-label={t("bench.next")}>
        <Icon name="next" />
      </Button>
    </div>
  );
}
