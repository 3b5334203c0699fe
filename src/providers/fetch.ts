import { AppError } from "#core/errors";

export type FetchPolicy = {
  provider: string;
  /** Time for one attempt, headers included, in milliseconds. */
  deadlineMs: number;
  /** Attempts in all; more than one only for requests that may be repeated. */
  attemptsMax: number;
};

const backoffMsFirst = 100;

/**
 * Sends a request with a deadline. Connection faults and 502, 503, 504 are tried again with a doubling, jittered pause.
 * Redirects are not followed: a provider that moves is a fault to look at.
 * @throws AppError dependency_unavailable when no attempt got an answer.
 */
export async function fetchFromProvider(
  url: string,
  init: RequestInit,
  policy: FetchPolicy,
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= policy.attemptsMax;
    try {
      const signal = AbortSignal.timeout(policy.deadlineMs);
      const response = await fetch(url, { ...init, redirect: "manual", signal });
      if (last || ![502, 503, 504].includes(response.status)) return response;
      await response.body?.cancel();
    } catch (error) {
      if (last) throw unavailable(policy.provider, error);
    }
    const pauseMs = backoffMsFirst * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The refusal that tells a client which service is away, without its address. */
export function unavailable(provider: string, cause: unknown): AppError {
  return new AppError("dependency_unavailable", {
    detail: `The ${provider} service is not answering. Try again.`,
    retryAfterSeconds: 2,
    cause,
  });
}
