/** What a person wrote in a dialog and has not sent: a field that is not as they found it. */
import { type RefObject, useEffect, useRef } from "react";

const TEXTS = "textarea,input:not([type=radio],[type=checkbox],[type=file])";
type Field = HTMLInputElement | HTMLTextAreaElement;

/** Watches the fields of this dialog, and says whether one holds something that would be lost. */
export function useUnsaved(dialog: RefObject<HTMLElement | null>): () => boolean {
  const found = useRef(new Map<Field, string>());
  useEffect(() => {
    const within = dialog.current;
    if (within === null) return;
    const met = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement) || !target.matches(TEXTS) || found.current.has(target as Field)) return;
      found.current.set(target as Field, (target as Field).value);
    };
    // The field that begins with the keyboard has it already.
    if (document.activeElement?.matches(TEXTS) === true && within.contains(document.activeElement)) {
      found.current.set(document.activeElement as Field, (document.activeElement as Field).value);
    }
    within.addEventListener("focusin", met);
    return () => within.removeEventListener("focusin", met);
  }, [dialog]);
  // A field that is gone was sent, or taken back.
  return () => [...found.current].some(([field, before]) => field.isConnected && field.value !== before);
}
