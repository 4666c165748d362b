/** A link to this page with other filters. It is current when its caller says so, not when the address begins alike. */
import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";

interface Props {
  to: string;
  search: object;
  className: string;
  current?: "page" | "true" | undefined;
  children: ReactNode;
}

export function FilterLink({ to, search, className, current, children }: Props) {
  const router = useRouter();
  const target = { to, search } as Parameters<typeof router.buildLocation>[0];
  const { href } = router.buildLocation(target);
  const go = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    void router.navigate(target as Parameters<typeof router.navigate>[0]);
  };
  return (
    <a className={className} href={href} aria-current={current} onClick={go}>
      {children}
    </a>
  );
}
