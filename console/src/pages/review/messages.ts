import { catalogue } from "../../i18n/catalogue";

export const review = catalogue(
  {
    "review.title": "Review",
    "review.soon": "Signing is not part of this release.",
  },
  {
    "review.title": "Freigabe",
    "review.soon": "Das Unterschreiben ist noch nicht Teil dieser Version.",
  },
);
