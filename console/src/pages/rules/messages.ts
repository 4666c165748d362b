import { catalogue } from "../../i18n/catalogue";

export const rules = catalogue(
  {
    "rules.title": "Rules",
    "rules.soon": "The rules page is not part of this release.",
  },
  {
    "rules.title": "Regeln",
    "rules.soon": "Die Regelseite ist noch nicht Teil dieser Version.",
  },
);
