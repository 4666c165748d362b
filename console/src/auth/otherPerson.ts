/** Another person signed in where this one was asked to. Nothing was changed. */
export class OtherPerson extends Error {}
