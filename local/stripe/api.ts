import type { ApiAnswer } from "../simulator/api-answer.ts";
import { Stripe } from "stripe";
import { z } from "zod";
import {
  createSettle,
  type Manners,
  type Reply,
  type Settled,
  type Undertaking,
} from "../simulator/settle.ts";
import { authenticate, type Keys } from "./api-keys.ts";
import { buyersReply } from "./buyer-view.ts";
import { runDueTimers } from "./due-timers.ts";
import { expandReply } from "./expand.ts";
import { InvalidParameters, StripeFailure } from "./failure.ts";
import { type FormFields, parseFormBody } from "./form-body.ts";
import { KEY_REMEMBERED_SECONDS, keyInUse, keyReused } from "./idempotency.ts";
import { newRequestId } from "./ids.ts";
import { findRoute, type Route } from "./routes.ts";
import type { Access, Simulation, Work } from "./simulation.ts";

export type ApiRequest = {
  method: string;
  path: string;
  query: string;
  body: string;
  origin: string;
  authorization: string | undefined;
  idempotencyKey: string | undefined;
  version: string | undefined;
};

export type Api = (request: ApiRequest) => Promise<ApiAnswer>;

type Execution = {
  request: ApiRequest;
  route: Route;
  id: string;
  access: Access;
  fields: FormFields;
  requestId: string;
};

const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

export function createApi(simulation: Simulation, keys: Keys): Api {
  const settle = createSettle(simulation, MANNERS, () => runDueTimers(simulation));

  return async (request) => {
    const requestId = newRequestId();
    try {
      const settled = await settle(undertakingOf(simulation, { ...admit(request, keys), requestId }));
      const isLost = simulation.faults.losesReply({
        method: request.method,
        path: request.path,
        content: `${request.idempotencyKey} ${request.body}`,
      });
      return { ...describe(request, requestId, settled), isLost };
    } catch (failure) {
      if (!(failure instanceof StripeFailure)) throw failure;
      const body = JSON.stringify({ error: failure.body });
      return {
        ...describe(request, requestId, { status: failure.status, body, isReplay: false }),
        isLost: false,
      };
    }
  };
}

const MANNERS: Manners = {
  breakdown: () => ({ error: { type: "api_error", message: "An unknown error occurred." } }),
  rememberedReply: (failure) =>
    failure instanceof StripeFailure && !(failure instanceof InvalidParameters)
      ? { status: failure.status, body: { error: failure.body } }
      : undefined,
  keyReused,
  keyInUse,
};

function undertakingOf(simulation: Simulation, execution: Execution): Undertaking {
  const { request, fields } = execution;
  const key = idempotencyKeyOf(request);
  return {
    method: request.method,
    path: request.path,
    fields,
    idempotency: key === undefined ? undefined : { key, rememberedSeconds: KEY_REMEMBERED_SECONDS },
    execute: () => execute(simulation, execution),
  };
}

/** Everything that Stripe checks before an endpoint begins to work. */
function admit(request: ApiRequest, keys: Keys): Omit<Execution, "requestId"> {
  const fields = readFields(request);
  const access = authenticate(keys, request.authorization, fields["key"]);
  const found = findRoute(request.method, request.path);
  if (found === undefined) {
    throw new InvalidParameters(404, {
      type: "invalid_request_error",
      message: `Unrecognized request URL (${request.method}: ${request.path}).`,
    });
  }
  if (access === "publishable" && found.route.access === "secret") {
    throw new InvalidParameters(401, {
      type: "invalid_request_error",
      code: "secret_key_required",
      message: "This API call cannot be made with a publishable API key. Please use a secret API key.",
    });
  }
  if ((request.idempotencyKey?.length ?? 0) > IDEMPOTENCY_KEY_LENGTH_MAX) {
    throw new InvalidParameters(400, {
      type: "idempotency_error",
      message: `Idempotency keys are at most ${IDEMPOTENCY_KEY_LENGTH_MAX} characters long.`,
    });
  }
  return { request, access, fields, ...found };
}

function readFields({ query, body }: ApiRequest): FormFields {
  try {
    return parseFormBody([query, body].filter((part) => part !== "").join("&"));
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault;
    throw new InvalidParameters(400, { type: "invalid_request_error", message: fault.message });
  }
}

/** Only a POST is made idempotent by a key; the other methods are so by nature. */
function idempotencyKeyOf(request: ApiRequest): string | undefined {
  return request.method === "POST" ? request.idempotencyKey : undefined;
}

const Expansion = z.array(z.string()).max(20).default([]);

function execute(simulation: Simulation, execution: Execution): Reply {
  const { route, id, access, fields, request, requestId } = execution;
  const cause = { id: requestId, idempotency_key: idempotencyKeyOf(request) ?? null };
  const work: Work = { ...simulation, cause };
  const reply = route.run(work, { access, fields, origin: request.origin }, id);
  const seen = access === "publishable" ? buyersReply(reply) : reply;
  if (reply.status !== 200) return seen;
  const expansion = Expansion.safeParse(fields["expand"]);
  return { ...seen, body: expandReply(work, seen.body, expansion.success ? expansion.data : []) };
}

function describe(request: ApiRequest, requestId: string, settled: Settled): Omit<ApiAnswer, "isLost"> {
  const key = idempotencyKeyOf(request);
  return {
    status: settled.status,
    body: settled.body,
    headers: {
      "request-id": requestId,
      "stripe-version": request.version ?? Stripe.API_VERSION,
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...(settled.isReplay ? { "idempotent-replayed": "true" } : {}),
      ...(settled.status === 409 ? { "stripe-should-retry": "true" } : {}),
    },
  };
}
