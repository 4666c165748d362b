/** The pages and their addresses. Filters are a part of the address: a view can be sent to a colleague. */
import {
  Link,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";

import { useT, withMessages } from "./i18n";
import { readAudit } from "./pages/audit/search";
import { readBench } from "./pages/bench/search";
import { readExports } from "./pages/exports/search";
import { readOperate } from "./pages/operate/search";
import { readReview } from "./pages/review/search";
import { readRules } from "./pages/rules/search";
import { readWorkflow } from "./pages/workflow/search";
import { Empty } from "./parts/Empty";
import { arriving } from "./parts/arrival";
import { parseSearch, stringifySearch } from "./search";
import { Broken } from "./shell/Broken";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Lost });

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/bench" });
  },
});

const signedIn = createRoute({
  getParentRoute: () => root,
  path: "/signed-in",
  beforeLoad: () => {
    throw redirect({ to: "/bench" });
  },
});

const bench = createRoute({
  getParentRoute: () => root,
  path: "/bench",
  validateSearch: readBench,
  component: lazyRouteComponent(() => arriving(import("./pages/bench/page"))),
});

const workflow = createRoute({
  getParentRoute: () => root,
  path: "/workflow/$id",
  validateSearch: readWorkflow,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/workflow/page")))),
});

const review = createRoute({
  getParentRoute: () => root,
  path: "/review",
  validateSearch: readReview,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/review/page")))),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: readAudit,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/audit/page")))),
});

const reviews = createRoute({
  getParentRoute: () => root,
  path: "/audit/reviews",
  validateSearch: readAudit,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/audit/Reviews")))),
});

const exports = createRoute({
  getParentRoute: () => root,
  path: "/audit/exports",
  validateSearch: readExports,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/exports/page")))),
});

const operate = createRoute({
  getParentRoute: () => root,
  path: "/operate",
  validateSearch: readOperate,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/operate/page")))),
});

const rules = createRoute({
  getParentRoute: () => root,
  path: "/rules",
  validateSearch: readRules,
  component: lazyRouteComponent(() => arriving(withMessages(import("./pages/rules/page")))),
});

function Lost() {
  const t = useT();
  return (
    <Empty title={t("lost.title")}>
      <p>{t("lost.text")}</p>
      <Link className="button" to="/bench">
        {t("lost.action")}
      </Link>
    </Empty>
  );
}

export const router = createRouter({
  routeTree: root.addChildren([index, signedIn, bench, workflow, review, audit, reviews, exports, operate, rules]),
  parseSearch,
  stringifySearch,
  defaultErrorComponent: Broken,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
