/** Finds messages by name, chooses a plural as the language does (`Intl.PluralRules`), and writes values into them. */

export type Messages = Readonly<Record<string, string>>;

/** The messages may come later: a text is looked for when it is asked for. */
export function translator(language: string, messages: ReadonlyMap<string, string>) {
  const plurals = new Intl.PluralRules(language);
  return (key: string, values: Readonly<Record<string, string | number>> = {}): string => {
    const { count } = values;
    const plural = typeof count === "number" ? messages.get(`${key}_${plurals.select(count)}`) : undefined;
    const text = plural ?? messages.get(key) ?? key;
    return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  };
}
