/** A state as word and shape; the colour only repeats what both say. */
import type { State } from "../api/client";
import { useT } from "../i18n";

const SHAPES: Record<State, React.ReactNode> = {
  // An empty ring: nothing was done yet.
  CREATED: <circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" strokeWidth="1.75" />,
  ACTIVE: <path d="M4.5 2.6v10.8L13.4 8z" fill="currentColor" />,
  PAUSED: <path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor" />,
  COMPLETED: (
    <>
      <circle cx="8" cy="8" r="6.5" fill="currentColor" />
      <path d="m5 8.2 2.1 2.1L11 6.2" fill="none" stroke="var(--surface)" strokeWidth="1.7" />
    </>
  ),
  FAILED: (
    <>
      <path d="M8 .9 15.1 8 8 15.1.9 8z" fill="currentColor" />
      <path d="M8 4.4v4.4M8 10.4v1.5" stroke="var(--surface)" strokeWidth="1.7" />
    </>
  ),
  CANCELLED: (
    <>
      <circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="m4 12 8-8" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
};

export function Shape({ state }: { state: State }) {
  return (
    <svg className={`shape shape-${state}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {SHAPES[state]}
    </svg>
  );
}

export function Mark({ state }: { state: State }) {
  const t = useT();
  return (
    <span className={`mark mark-${state}`}>
      <Shape state={state} />
      {t(`state.${state}`)}
    </span>
  );
}
