/** Every catalogue of messages. A new page adds its own here. */
import { audit } from "../pages/audit/messages";
import { bench } from "../pages/bench/messages";
import { operate } from "../pages/operate/messages";
import { review } from "../pages/review/messages";
import { rules } from "../pages/rules/messages";
import { workflow } from "../pages/workflow/messages";
import { common } from "./common";

export const catalogues = [common, bench, workflow, review, audit, operate, rules] as const;
