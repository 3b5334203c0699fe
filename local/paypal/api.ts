import type { ApiAnswer } from "../simulator/api-answer.ts";
import { createSettle, type Manners, type Settled, type Undertaking } from "../simulator/settle.ts";
import { type ClientCredentials, requireToken } from "./access-tokens.ts";
import { runDueTimers } from "./due-timers.ts";
import { invalidBody, PaypalFailure, unprocessable } from "./failure.ts";
import { newDebugId } from "./ids.ts";
import { findRoute, type Route } from "./routes.ts";
import type { Call, Reply, Simulation } from "./simulation.ts";

export type ApiRequest = {
  method: string;
  path: string;
  query: URLSearchParams;
  body: string;
  origin: string;
  authorization: string | undefined;
  requestId: string | undefined;
  prefer: string | undefined;
  mockResponse: string | undefined;
};

export type Api = (request: ApiRequest) => Promise<ApiAnswer>;

type Execution = { request: ApiRequest; route: Route; id: string; call: Call };

const REQUEST_ID_LENGTH_MAX = 108;

export function createApi(simulation: Simulation, credentials: ClientCredentials): Api {
  const settle = createSettle(simulation, MANNERS, () => runDueTimers(simulation));

  return async (request) => {
    try {
      requireToken(simulation, credentials, request.authorization);
      const execution = admit(request);
      const settled = await settle(undertakingOf(simulation, execution));
      const isLost = simulation.faults.losesReply({
        method: request.method,
        path: request.path,
        content: `${request.requestId} ${request.body}`,
      });
      return { ...describe(execution.route, settled), isLost };
    } catch (failure) {
      if (!(failure instanceof PaypalFailure)) throw failure;
      const { status, body } = failure;
      const headers = { "paypal-debug-id": body.debug_id };
      return { status, headers, body: JSON.stringify(body), isLost: false };
    }
  };
}

/** A decline is an answer, kept as such; what PayPal refuses to work on leaves the request's id unused. */
const MANNERS: Manners = {
  breakdown: () => ({
    name: "INTERNAL_SERVER_ERROR",
    message: "An internal server error occurred.",
    debug_id: newDebugId(),
  }),
  rememberedReply: () => undefined,
  // PayPal answers as it did the first time, whatever comes now: a mistake that is better found here.
  keyReused: (key) => unprocessable("DUPLICATE_REQUEST_ID", { value: key }),
  keyInUse: () =>
    new PaypalFailure(409, {
      name: "RESOURCE_CONFLICT",
      message: "The server has detected a conflict while processing this request.",
      details: [{ issue: "PREVIOUS_REQUEST_IN_PROGRESS" }],
    }),
};

/** Everything that PayPal checks before an endpoint begins to work. */
function admit(request: ApiRequest): Execution {
  const found = findRoute(request.method, request.path);
  if (found === undefined) {
    throw new PaypalFailure(404, {
      name: "RESOURCE_NOT_FOUND",
      message: "The specified resource does not exist.",
    });
  }
  if ((request.requestId?.length ?? 0) > REQUEST_ID_LENGTH_MAX) {
    throw invalidBody("INVALID_STRING_LENGTH", { field: "PayPal-Request-Id" });
  }
  const call: Call = {
    body: readJson(request.body),
    query: request.query,
    origin: request.origin,
    headers: {
      requestId: request.requestId,
      wantsRepresentation: request.prefer === "return=representation",
    },
  };
  return { request, ...found, call };
}

function readJson(body: string): unknown {
  if (body.trim() === "") return {};
  try {
    return JSON.parse(body);
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault;
    throw invalidBody("MALFORMED_REQUEST_JSON", { field: "/" });
  }
}

function undertakingOf(simulation: Simulation, execution: Execution): Undertaking {
  const { request, route, call } = execution;
  const { repetition } = route;
  const isRepeatable = request.requestId !== undefined && repetition !== undefined;
  return {
    method: request.method,
    path: request.path,
    fields: call.body,
    // One id may serve different kinds of calls.
    idempotency: isRepeatable
      ? {
          key: `${route.method} ${route.path} ${request.requestId}`,
          rememberedSeconds: repetition.rememberedSeconds,
        }
      : undefined,
    execute: () => execute(simulation, execution),
  };
}

function execute(simulation: Simulation, { request, route, id, call }: Execution): Reply {
  requireNoMock(request.mockResponse);
  return route.run(simulation, call, id);
}

/** PayPal's own negative testing: `PayPal-Mock-Response: {"mock_application_codes":"INSTRUMENT_DECLINED"}`. */
function requireNoMock(mockResponse: string | undefined): void {
  const issue = /"mock_application_codes"\s*:\s*"(?<issue>[A-Z_]+)"/.exec(mockResponse ?? "")?.groups?.[
    "issue"
  ];
  if (issue !== undefined) throw unprocessable(issue);
}

function describe(route: Route, { status, body, isReplay }: Settled): Omit<ApiAnswer, "isLost"> {
  const shown = isReplay && route.repetition !== undefined ? route.repetition.status(status) : status;
  const headers = { "paypal-debug-id": newDebugId() };
  return { status: shown, headers, body: shown === 204 ? "" : body };
}
