import { useT } from "../i18n";
import { type Shortcut, useShownShortcuts } from "../keys/keys";
import { Sheet } from "../parts/Sheet";

const GROUPS = ["page", "everywhere", "go"] as const;

/** The keys that work on the page behind it. */
export default function KeysHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useT();
  const shortcuts = useShownShortcuts();
  return (
    <Sheet title={t("keys.title")} isOpen={isOpen} onClose={onClose} size="wide">
      <div className="keys">
        {GROUPS.map((group) => {
          const mine = shortcuts.filter((each) => each.group === group);
          return (
            mine.length > 0 && (
              <section key={group}>
                <h3>{t(`keys.${group}`)}</h3>
                <dl>
                  {mine.map((each) => (
                    <Row key={each.keys} shortcut={each} />
                  ))}
                </dl>
              </section>
            )
          );
        })}
      </div>
    </Sheet>
  );
}

function Row({ shortcut }: { shortcut: Shortcut }) {
  const t = useT();
  return (
    <div>
      <dt>
        {shortcut.keys.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{t(shortcut.label)}</dd>
    </div>
  );
}
