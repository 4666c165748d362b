/** A card beside the button that opened it. */
import type { ReactNode, RefObject } from "react";
import { Dialog, Popover } from "react-aria-components";

import { Localized } from "./Localized";

export interface CardProps {
  label: string;
  className: string;
  trigger: RefObject<HTMLElement | null>;
  placement: "bottom start" | "bottom end" | "right bottom";
  onClose: () => void;
  children: ReactNode;
}

export default function Card({ label, className, trigger, placement, onClose, children }: CardProps) {
  return (
    <Localized>
      <Popover
        className="popover"
        triggerRef={trigger}
        placement={placement}
        isOpen
        onOpenChange={(open) => !open && onClose()}
      >
        <Dialog className={className} aria-label={label}>
          {children}
        </Dialog>
      </Popover>
    </Localized>
  );
}
