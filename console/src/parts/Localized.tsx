/** Tells react-aria the language: it has words of its own, such as those of a dialog's hidden buttons. */
import type { ReactNode } from "react";
import { I18nProvider } from "react-aria-components";

import { useLanguage } from "../i18n";

export function Localized({ children }: { children: ReactNode }) {
  return <I18nProvider locale={useLanguage() === "de" ? "de-DE" : "en-GB"}>{children}</I18nProvider>;
}
