import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { takeOneTime } from "#platform/one-time";
import type { CodeExchange } from "./schema.ts";
import { type Arrival, arrivals, challengeOf } from "./under-way.ts";

/**
 * The identity under a code, for the page that began and no other. A code is gone with its first use, right or wrong.
 * @throws AppError sign_in_failed.
 */
export async function takeArrival(context: Context, exchange: CodeExchange): Promise<Arrival> {
  const arrival = await takeOneTime(context, arrivals, exchange.code);
  if (arrival === undefined || arrival.codeChallenge !== (await challengeOf(exchange.code_verifier)))
    throw new AppError("sign_in_failed", {
      detail:
        "The code is unknown, was used before, is too old, or code_verifier is another page's. Begin again.",
    });
  return arrival;
}
