/** A button that opens a card. The card comes when it is opened, so that the first page need not wait for it. */
import { type ReactNode, Suspense, lazy, useRef, useState } from "react";

import { useT } from "../i18n";
import { arriving } from "./arrival";
import { Boundary } from "./Boundary";
import { Button } from "./Button";
import type { CardProps } from "./Card";

const Card = lazy(() => arriving(import("./Card")));

interface Props {
  className: string;
  card: Omit<CardProps, "trigger" | "onClose" | "children">;
  face: ReactNode;
  children: (close: () => void) => ReactNode;
}

export function CardButton({ className, card, face, children }: Props) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button className={className} ref={trigger} onPress={() => setOpen(true)} aria-haspopup="dialog" aria-expanded={isOpen}>
        {face}
      </Button>
      {isOpen && (
        <Boundary fallback={<Missing />}>
          <Suspense>
            <Card {...card} trigger={trigger} onClose={close}>
              {children(close)}
            </Card>
          </Suspense>
        </Boundary>
      )}
    </>
  );
}

function Missing() {
  return <span role="alert">{useT()("broken.missing")}</span>;
}
