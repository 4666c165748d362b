import { catalogue } from "../../i18n/catalogue";

export const bench = catalogue(
  {
    "bench.title": "Bench",
  },
  {
    "bench.title": "Arbeitsplatz",
  },
);
