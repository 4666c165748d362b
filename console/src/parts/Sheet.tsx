/** A dialog; generous, because people decide in it. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import { Button } from "./Button";
import { Icon } from "./Icon";
import { Localized } from "./Localized";
import { useT } from "../i18n";
import { useShortcutsHeld } from "../keys/keys";
import { keepFocus } from "./keptFocus";
import { useUnsaved } from "./unsaved";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  size?: "small" | "wide";
  /** Whether a press outside or Escape closes it; not while something is written. */
  dismissable?: boolean;
  /** It holds what a person wrote and the service has not, also where no field shows that: a question comes before it is lost. */
  isDraft?: boolean;
  children: ReactNode;
}

export function Sheet({ title, isOpen, onClose, size = "small", dismissable = true, isDraft = false, children }: Props) {
  const t = useT();
  const dialog = useRef<HTMLElement>(null);
  const isUnsaved = useRef(() => false);
  const [isAsking, setAsking] = useState(false);
  // What a person wrote is not thrown away by a slip of the hand.
  const leave = () => {
    if (isDraft || isUnsaved.current()) setAsking(true);
    else onClose();
  };
  return (
    <Localized>
      <ModalOverlay
        className="overlay"
        isOpen={isOpen}
        onOpenChange={(open) => !open && leave()}
        isDismissable={dismissable}
        isKeyboardDismissDisabled={!dismissable}
      >
        <Modal className={`sheet sheet-${size}`}>
          <Dialog className="sheet-body" ref={dialog}>
            <Head dialog={dialog} isUnsaved={isUnsaved}>
              <Heading slot="title">{title}</Heading>
              {dismissable && (
                <Button className="button-plain" onPress={leave} aria-label={t("close")}>
                  <Icon name="close" />
                </Button>
              )}
            </Head>
            {isAsking && <Unsaved onStay={() => setAsking(false)} onLeave={onClose} />}
            {children}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </Localized>
  );
}

interface HeadProps {
  dialog: React.RefObject<HTMLElement | null>;
  isUnsaved: React.RefObject<() => boolean>;
  children: ReactNode;
}

/** While it stands, the keyboard is the dialog's. */
function Head({ dialog, isUnsaved, children }: HeadProps) {
  useShortcutsHeld(true);
  isUnsaved.current = useUnsaved(dialog);
  useEffect(() => (dialog.current === null ? undefined : keepFocus(dialog.current)), [dialog]);
  return <div className="sheet-head">{children}</div>;
}

function Unsaved({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  const t = useT();
  const before = useRef(document.activeElement);
  const stay = () => {
    onStay();
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  return (
    <div className="note note-warn sheet-asks" role="alert">
      <p className="note-title">{t("unsaved.title")}</p>
      <div className="note-foot">
        <Button className="button button-first" onPress={stay} autoFocus>
          {t("unsaved.stay")}
        </Button>
        <Button className="button" onPress={onLeave}>
          {t("unsaved.leave")}
        </Button>
      </div>
    </div>
  );
}
