import { catalogue } from "../../i18n/catalogue";

export const operate = catalogue(
  {
    "operate.title": "Operate",
    "operate.soon": "The operating pages are not part of this release.",
  },
  {
    "operate.title": "Betrieb",
    "operate.soon": "Der Betrieb ist noch nicht Teil dieser Version.",
  },
);
