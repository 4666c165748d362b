import type { Translated } from "../../i18n/catalogue";
import type { review as english } from "./messages.en";

export const review: Translated<typeof english> = {
  "review.text": "Laufende Arbeit. Ihre eigene wartet, bis Sie sie als Urheber unterschreiben, die eines Kollegen auf eine zweite Person.",
  "review.lists": "Listen",
  "review.list.waiting": "Wartet auf mich",
  "review.list.open": "Alle laufende Arbeit",
  "review.list.signed": "Von mir unterschrieben",
  "review.waits": "Wartet auf",
  "review.none.waiting": "Nichts wartet auf Ihre Unterschrift",
  "review.none.waiting.text": "Sehen Sie alle laufende Arbeit an: alles dort lässt sich unterschreiben, wenn Richtlinien und Regeln es erlauben.",
  "review.none.open": "Keine Arbeit läuft",
  "review.none.open.text": "Beginnen Sie einen Vorgang am Arbeitsplatz.",
  "review.none.signed": "Keine laufende Arbeit hat eine Unterschrift von Ihnen, die zählt",
  "review.none.signed.text": "Eine Unterschrift endet, wenn die Daten sich danach ändern.",
  "review.actions": "Was mit der Auswahl geschieht",
  "review.sign_one": "{{count}} unterschreiben …",
  "review.sign_other": "{{count}} unterschreiben …",
  "review.looked_one": "{{count}} laufender Vorgang angesehen",
  "review.looked_other": "{{count}} laufende Vorgänge angesehen",
  "review.more": "Mehr ansehen",
  "review.key.sign": "Die Auswahl unterschreiben",
};
