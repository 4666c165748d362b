/** What the first page says in English. */
import { bench } from "../pages/bench/messages.en";
import { common } from "./common.en";

export const catalogues = { common, bench };
