/** The browser's own button: it is pressed by mouse, touch and keys, and needs no script of a library. */
import type { ReactNode, Ref } from "react";

interface Props {
  className: string;
  onPress?: () => void;
  type?: "button" | "submit";
  isDisabled?: boolean;
  autoFocus?: boolean;
  ref?: Ref<HTMLButtonElement>;
  title?: string;
  "aria-label"?: string | undefined;
  "aria-pressed"?: boolean;
  "aria-expanded"?: boolean;
  "aria-haspopup"?: "dialog";
  children: ReactNode;
}

export function Button({ onPress, isDisabled = false, type = "button", children, ...rest }: Props) {
  return (
    <button {...rest} type={type} disabled={isDisabled} onClick={onPress}>
      {children}
    </button>
  );
}
