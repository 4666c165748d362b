/** A dialog; generous, because people decide in it. */
import type { ReactNode } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import { Button } from "./Button";
import { Icon } from "./Icon";
import { Localized } from "./Localized";
import { useT } from "../i18n";

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
            <div className="sheet-head">
              <Heading slot="title">{title}</Heading>
              {dismissable && (
                <Button className="button-plain" onPress={onClose} aria-label={t("close")}>
                  <Icon name="close" />
                </Button>
              )}
            </div>
            {children}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </Localized>
  );
}
