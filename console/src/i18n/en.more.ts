/** What the other pages say in English. A new page adds its own here, and in the other language. */
import { audit } from "../pages/audit/messages.en";
import { act } from "../pages/bench/act.en";
import { exports } from "../pages/exports/messages.en";
import { operate } from "../pages/operate/messages.en";
import { review } from "../pages/review/messages.en";
import { rules } from "../pages/rules/messages.en";
import { workflow } from "../pages/workflow/messages.en";
import { signing } from "../signing/messages.en";
import { problems } from "./problems.en";

export const catalogues = { workflow, review, audit, exports, operate, rules, signing, problems, act };
