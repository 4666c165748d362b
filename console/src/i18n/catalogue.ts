/** A catalogue has the same messages in both languages; the compiler says which one is missing. */
export function catalogue<const En extends Record<string, string>>(
  en: En,
  de: { [Key in keyof En]: string },
): { en: En; de: { [Key in keyof En]: string } } {
  return { en, de };
}
