/** A dialog; generous, because people decide in it. */
import { type ReactNode, useEffect, useRef } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import { Button } from "./Button";
import { Icon } from "./Icon";
import { Localized } from "./Localized";
import { useT } from "../i18n";
import { useShortcutsHeld } from "../keys/keys";
import { keepFocus } from "./keptFocus";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  size?: "small" | "wide";
  /** Whether a press outside or Escape closes it; not while something is written. */
  dismissable?: boolean;
  children: ReactNode;
}

export function Sheet({ title, isOpen, onClose, size = "small", dismissable = true, children }: Props) {
  const t = useT();
  return (
    <Localized>
      <ModalOverlay
        className="overlay"
        isOpen={isOpen}
        onOpenChange={(open) => !open && onClose()}
        isDismissable={dismissable}
        isKeyboardDismissDisabled={!dismissable}
      >
        <Modal className={`sheet sheet-${size}`}>
          <Dialog className="sheet-body">
            <Head>
              <Heading slot="title">{title}</Heading>
              {dismissable && (
                <Button className="button-plain" onPress={onClose} aria-label={t("close")}>
                  <Icon name="close" />
                </Button>
              )}
            </Head>
            {children}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </Localized>
  );
}

/** While it stands, the keyboard is the dialog's. */
function Head({ children }: { children: ReactNode }) {
  const head = useRef<HTMLDivElement>(null);
  useShortcutsHeld(true);
  useEffect(() => {
    const dialog = head.current?.closest<HTMLElement>("[role=dialog]");
    return dialog ? keepFocus(dialog) : undefined;
  }, []);
  return (
    <div className="sheet-head" ref={head}>
      {children}
    </div>
  );
}
