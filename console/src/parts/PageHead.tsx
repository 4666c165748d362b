import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  /** What stands beside the title. */
  aside?: ReactNode;
  children?: ReactNode;
}

/** The head of a page; it names the window as well. */
export function PageHead({ title, aside, children }: Props) {
  useEffect(() => {
    document.title = `${title} · ALIMS`;
  }, [title]);
  return (
    <header className="page-head">
      <div className="page-title">
        <h1>{title}</h1>
        {aside}
      </div>
      {children}
    </header>
  );
}
