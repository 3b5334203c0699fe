import { AppError } from "#core/errors";

export type FetchPolicy = {
  provider: string;
  /** The only origins that may be asked: from the settings, never from what somebody sent. */
  origins: readonly string[];
  /** Time for one attempt, its body included, in milliseconds. */
  deadlineMs: number;
  /** Attempts in all; more than one only for requests that may be repeated. */
  attemptsMax: number;
};

const backoffMsFirst = 100;

/** Bytes of one answer; the largest that is expected is a page of a provider's objects. */
const answerBytesMax = 8 * 1024 * 1024;

/**
 * Sends a request with a deadline. Connection faults and 502, 503, 504 are tried again with a doubling, jittered pause.
 * @throws AppError dependency_unavailable when no attempt got an answer.
 */
export async function fetchFromProvider(
  url: string,
  init: RequestInit,
  policy: FetchPolicy,
): Promise<Response> {
  const send = fetchWithin(policy);
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= policy.attemptsMax;
    try {
      const response = await send(url, init);
      if (last || ![502, 503, 504].includes(response.status)) return response;
      await response.body?.cancel();
    } catch (error) {
      if (last || error instanceof ForbiddenDestination) throw unavailable(policy.provider, error);
    }
    const pauseMs = backoffMsFirst * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Somebody led us, or meant to lead us, to where we do not go. */
class ForbiddenDestination extends Error {
  override readonly name = "ForbiddenDestination";
}

type Bounds = Pick<FetchPolicy, "origins" | "deadlineMs">;

/**
 * The Worker's only way out, beside the clients that speak to a fixed address by themselves: to the given origins, with
 * a deadline, to no place that a redirect names, and for no more bytes than an answer may have.
 */
export function fetchWithin({ origins, deadlineMs }: Bounds) {
  const allowed = new Set(origins.map((address) => new URL(address).origin));
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!allowed.has(url.origin) || url.username !== "")
      throw new ForbiddenDestination(`${url.origin} is not among the origins of this provider`);
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    const response = await fetch(input, { ...init, redirect: "manual", signal });
    if (response.status >= 300 && response.status < 400 && response.headers.has("location")) {
      await response.body?.cancel();
      throw new ForbiddenDestination(`${url.origin} answered with a redirect, which is never followed`);
    }
    return limitAnswer(response);
  };
}

function limitAnswer(response: Response): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const limiting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > answerBytesMax)
        controller.error(new Error(`the answer is larger than ${answerBytesMax} bytes`));
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(limiting), response);
}

/** The refusal that tells a client which service is away, without its address. */
export function unavailable(provider: string, cause: unknown): AppError {
  return new AppError("dependency_unavailable", {
    detail: `The ${provider} service is not answering. Try again.`,
    retryAfterSeconds: 2,
    cause,
  });
}
