import { useId } from "react";

import type { State, Summary } from "../../api/client";
import { useClient } from "../../api/context";
import { MOVES, TARGETS, moveName } from "../../api/lifecycle";
import { usePermitted } from "../../api/permitted";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { useT } from "../../i18n";
import { Shape } from "../../parts/Mark";

interface Props {
  rows: readonly Summary[];
  onAct: (target: State) => void;
  onClear: () => void;
}

/** What can be done with the selected rows, and with how many of them. */
export function SelectionBar({ rows, onAct, onClear }: Props) {
  const t = useT();
  const id = useId();
  const permitted = usePermitted(useClient());
  const offers = TARGETS.map((target) => {
    const able = rows.filter((row) => MOVES[row.current_state].includes(target));
    const from = new Set(able.map((row) => row.current_state));
    return { target, count: able.length, isDenied: !permitted.move(target), name: t(moveName(target, from.size === 1 ? [...from][0] : undefined)) };
  }).filter(({ count }) => count > 0);
  return (
    <div className="selection" role="toolbar" aria-label={t("bench.actions")}>
      <span className="selection-count" aria-live="polite">
        {t("bench.selected", { count: rows.length })}
      </span>
      {offers.map(({ target, count, isDenied, name }) => (
        <Button key={target} className="button" onPress={() => onAct(target)} isBusy={isDenied} aria-describedby={isDenied ? id : undefined}>
          <Shape state={target} />
          {name}
          <span className="quiet">{count}</span>
        </Button>
      ))}
      {offers.some(({ isDenied }) => isDenied) && (
        <span className="quiet" id={id}>
          {t("denied.some", { names: offers.filter(({ isDenied }) => isDenied).map(({ name }) => name).join(", "), roles: permitted.roles })}
        </span>
      )}
      <span className="quiet selection-key" aria-hidden="true">
        <kbd>e</kbd>
      </span>
      <Button className="button-plain" onPress={onClear} aria-label={t("bench.deselect")}>
        <Icon name="close" />
      </Button>
    </div>
  );
}
