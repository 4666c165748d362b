/** The browser's own button: it is pressed by mouse, touch and keys, and needs no script of a library. */
import type { KeyboardEvent, ReactNode, Ref } from "react";

interface Props {
  className: string;
  onPress?: () => void;
  type?: "button" | "submit";
  isDisabled?: boolean;
  /** It does nothing now, and keeps the focus: a disabled button would lose it. */
  isBusy?: boolean;
  autoFocus?: boolean;
  ref?: Ref<HTMLButtonElement>;
  title?: string;
  "aria-label"?: string | undefined;
  "aria-describedby"?: string | undefined;
  "aria-pressed"?: boolean;
  "aria-expanded"?: boolean;
  "aria-haspopup"?: "dialog";
  children: ReactNode;
}

export function Button({ onPress, isDisabled = false, isBusy = false, type = "button", children, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      disabled={isDisabled}
      aria-disabled={isBusy || undefined}
      onKeyDown={onlyFirst}
      onClick={isBusy ? (event) => event.preventDefault() : onPress}
    >
      {children}
    </button>
  );
}

/** A key that is held began elsewhere: what it opened must not be pressed by it too. */
function onlyFirst(event: KeyboardEvent): void {
  if (event.repeat && event.key === "Enter") event.preventDefault();
}
