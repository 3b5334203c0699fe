import { createMiddleware } from "hono/factory";
import { OpenAPIHono } from "@hono/zod-openapi";
import { currentTime } from "#core/time";
import { apiKeyRoutes } from "#features/api-keys/routes";
import { accountRoutes, mailedRoutes } from "#features/auth/account-routes";
import { deviceRoutes } from "#features/auth/session-routes";
import { credentialRoutes, sessionRoutes } from "#features/auth/routes";
import { auditRoutes } from "#features/audit/routes";
import { cartRoutes } from "#features/cart/routes";
import { attributeRoutes } from "#features/catalog/attribute-routes";
import { categoryRoutes } from "#features/catalog/category-routes";
import { catalogAdminRoutes } from "#features/catalog/admin-routes";
import { catalogBulkRoutes } from "#features/catalog/bulk-routes";
import { catalogExportRoutes } from "#features/catalog/export-routes";
import { catalogImportRoutes } from "#features/catalog/import-routes";
import { catalogRoutes } from "#features/catalog/routes";
import { customerAdminRoutes } from "#features/customers/admin-routes";
import { customerRoutes } from "#features/customers/routes";
import { deadLetterRoutes } from "#features/dead-letters/routes";
import { inventoryRoutes } from "#features/inventory/routes";
import { jobRoutes } from "#features/jobs/routes";
import { liveRoutes } from "#features/live/routes";
import { identityRoutes, identitySignInRoutes } from "#features/identities/routes";
import { mfaRoutes, mfaSignInRoutes } from "#features/mfa/routes";
import { createMetricsRoutes } from "#features/operations/metrics-routes";
import { createOperationsRoutes } from "#features/operations/routes";
import { orderAdminRoutes } from "#features/orders/admin-routes";
import { orderRoutes } from "#features/orders/routes";
import { passkeyRoutes, passkeySignInRoutes } from "#features/passkeys/routes";
import { paymentAdminRoutes } from "#features/payments/admin-routes";
import { paymentReviewRoutes } from "#features/payments/review-routes";
import { paymentWatchRoutes } from "#features/payments/watch-routes";
import { paymentRoutes } from "#features/payments/routes";
import { reconciliationRoutes } from "#features/reconciliation/routes";
import { returnAdminRoutes } from "#features/returns/admin-routes";
import { returnRoutes } from "#features/returns/routes";
import { reviewAdminRoutes } from "#features/reviews/admin-routes";
import { reviewRoutes } from "#features/reviews/routes";
import { privacyRoutes } from "#features/privacy/routes";
import { missRoutes } from "#features/search/miss-routes";
import { createRebuildRoutes } from "#features/search/rebuild-routes";
import { searchRoutes } from "#features/search/routes";
import { createStatusRoutes } from "#features/search/status-routes";
import { synonymRoutes } from "#features/search/synonym-routes";
import { staffRoutes } from "#features/staff/routes";
import { stepUpRoutes } from "#features/step-up/routes";
import type { App, AppEnvironment } from "#http/app-types";
import { authenticate } from "#http/auth";
import { limitBody } from "#http/body-limit";
import { keepConsistent } from "#http/consistency";
import { allowOrigins } from "#http/cors";
import { refuseCrossSite } from "#http/cross-site";
import { answerOtherwise, keepNamesApart } from "#http/other-methods";
import { respondToError } from "#http/problem";
import { requestIdFrom } from "#http/request-id";
import { addressOf, limitTarget } from "#http/request-target";
import { secureHeaders } from "#http/security-headers";
import { limitAccounts, limitNetworks } from "#http/traffic-limit";
import { type Context, createContext } from "#platform/context";
import { checkDrift } from "#search-sync/check-drift";
import { measureSearch, readSearchStatus } from "#search-sync/read-status";
import { proceedWithRebuild, readRebuild, startRebuild } from "#search-sync/rebuild";

/** Everything the API answers, one line a feature. */
export function createApp(drainOutbox: (context: Context) => Promise<unknown>): App {
  const app: App = new OpenAPIHono<AppEnvironment>({ getPath: pathWithoutVersion });
  app.use(secureHeaders);
  app.use(giveContext(drainOutbox));
  app.use(allowOrigins);
  app.use(refuseCrossSite);
  app.use(limitTarget);
  app.use(limitNetworks);
  app.use(keepNamesApart(app));
  app.use(limitBody);
  app.use(keepConsistent);
  app.route("/", createOperationsRoutes(app));
  app.route("/", credentialRoutes);
  app.route("/", identitySignInRoutes);
  app.route("/", mfaSignInRoutes);
  app.route("/", passkeySignInRoutes);
  app.route("/", mailedRoutes);
  app.use(authenticate);
  app.use(limitAccounts);
  app.route("/", sessionRoutes);
  app.route("/", accountRoutes);
  app.route("/", deviceRoutes);
  app.route("/", customerRoutes);
  app.route("/", customerAdminRoutes);
  app.route("/", stepUpRoutes);
  app.route("/", mfaRoutes);
  app.route("/", identityRoutes);
  app.route("/", passkeyRoutes);
  app.route("/", catalogRoutes);
  app.route("/", catalogImportRoutes);
  app.route("/", catalogExportRoutes);
  app.route("/", catalogBulkRoutes);
  app.route("/", catalogAdminRoutes);
  app.route("/", attributeRoutes);
  app.route("/", categoryRoutes);
  app.route("/", reviewRoutes);
  app.route("/", reviewAdminRoutes);
  app.route("/", searchRoutes);
  app.route("/", createStatusRoutes({ status: readSearchStatus, check: checkDrift }));
  app.route("/", synonymRoutes);
  app.route("/", missRoutes);
  app.route(
    "/",
    createRebuildRoutes({ start: startRebuild, read: readRebuild, proceed: proceedWithRebuild }),
  );
  app.route("/", cartRoutes);
  app.route("/", orderRoutes);
  app.route("/", orderAdminRoutes);
  app.route("/", returnRoutes);
  app.route("/", returnAdminRoutes);
  app.route("/", paymentRoutes);
  app.route("/", paymentAdminRoutes);
  app.route("/", paymentReviewRoutes);
  app.route("/", paymentWatchRoutes);
  app.route("/", reconciliationRoutes);
  app.route("/", inventoryRoutes);
  app.route("/", jobRoutes);
  app.route("/", deadLetterRoutes);
  app.route("/", createMetricsRoutes(measureSearch));
  app.route("/", auditRoutes);
  app.route("/", staffRoutes);
  app.route("/", apiKeyRoutes);
  app.route("/", privacyRoutes);
  app.route("/", liveRoutes);
  app.notFound(answerOtherwise(app));
  app.onError(respondToError);
  return app;
}

/** `/v1/…` is an alias of `/…`. */
function pathWithoutVersion(request: Request): string {
  const { pathname } = addressOf(request);
  return pathname.startsWith("/v1/") ? pathname.slice(3) : pathname;
}

const traceparentPattern = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Gives each request its context and id, and writes one log line when it is answered. */
function giveContext(drainOutbox: (context: Context) => Promise<unknown>) {
  return createMiddleware<AppEnvironment>(async (request, next) => {
    const startedAt = currentTime();
    const offeredTrace = request.req.header("traceparent") ?? "";
    const requestId = requestIdFrom(request.req.header("request-id"), startedAt);
    const context = createContext({
      bindings: request.env,
      executionContext: request.executionCtx,
      request: request.req.raw,
      requestId,
      traceparent: traceparentPattern.test(offeredTrace) ? offeredTrace : undefined,
      drainOutbox,
      holdsWakeUps: true,
    });
    request.set("context", context);
    await next();
    context.releaseWakeUps();
    if (request.res.status === 101) return;
    const { headers } = request.res;
    headers.set("Request-Id", requestId);
    const { databaseCalls, objectCalls, passwordHashings } = context.counts;
    if (context.settings.ENVIRONMENT !== "production")
      headers.set(
        "Server-Timing",
        `database;desc="${databaseCalls}", objects;desc="${objectCalls}", hashings;desc="${passwordHashings}"`,
      );
    context.log("info", "request", {
      method: request.req.method,
      route: request.req.routePath,
      status: request.res.status,
      duration_ms: currentTime() - startedAt,
      database_calls: databaseCalls,
      object_calls: objectCalls,
    });
  });
}
