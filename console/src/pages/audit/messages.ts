import { catalogue } from "../../i18n/catalogue";

export const audit = catalogue(
  {
    "audit.title": "Audit",
    "audit.soon": "The audit pages are not part of this release.",
  },
  {
    "audit.title": "Prüfpfad",
    "audit.soon": "Der Prüfpfad ist noch nicht Teil dieser Version.",
  },
);
