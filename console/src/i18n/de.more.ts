/** What the other pages say in German. A new page adds its own here, and in the other language. */
import { audit } from "../pages/audit/messages.de";
import { act } from "../pages/bench/act.de";
import { exports } from "../pages/exports/messages.de";
import { operate } from "../pages/operate/messages.de";
import { review } from "../pages/review/messages.de";
import { rules } from "../pages/rules/messages.de";
import { workflow } from "../pages/workflow/messages.de";
import { signing } from "../signing/messages.de";
import { problems } from "./problems.de";

export const catalogues = { workflow, review, audit, exports, operate, rules, signing, problems, act };
