/** What the first page says in German. */
import { bench } from "../pages/bench/messages.de";
import { common } from "./common.de";

export const catalogues = { common, bench };
