/** A translated catalogue has the same messages; the compiler says which one is missing. */
export type Translated<English extends Record<string, string>> = { [Key in keyof English]: string };
