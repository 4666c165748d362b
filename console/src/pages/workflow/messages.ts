import { catalogue } from "../../i18n/catalogue";

export const workflow = catalogue(
  {
    "workflow.title": "Workflow",
  },
  {
    "workflow.title": "Vorgang",
  },
);
