/** What a form lacks: the first field with an error gets the focus, and its description says the error. */
import { type RefObject, useEffect, useRef, useState } from "react";

export interface Faults {
  form: RefObject<HTMLFormElement | null>;
  /** Whether the person has tried: before that nothing is an error. */
  tried: boolean;
  /** The person tries: the form shows its errors, and the focus goes to the first of them. */
  show: () => void;
}

export function useFaults(): Faults {
  const form = useRef<HTMLFormElement>(null);
  const [times, setTimes] = useState(0);
  // The errors are drawn with the try that found them.
  useEffect(() => {
    if (times > 0) focusFirst(form.current);
  }, [times]);
  return { form, tried: times > 0, show: () => setTimes((before) => before + 1) };
}

const FIELDS = "input:not(:disabled),textarea:not(:disabled),select:not(:disabled)";

function focusFirst(form: HTMLFormElement | null): void {
  const faulty = form?.querySelector<HTMLElement>("[aria-invalid=true],[data-invalid]");
  const field = faulty?.matches(FIELDS) === true ? faulty : faulty?.querySelector<HTMLElement>(FIELDS);
  field?.focus();
}
