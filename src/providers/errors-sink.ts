import { tellable } from "#core/faults";
import { Toucan } from "toucan-js";

export type ErrorsSinkSettings = { dsn: string | undefined; environment: string; release: string };

type Invocation = {
  request?: Request;
  executionContext: { waitUntil: (promise: Promise<unknown>) => void };
};

/** Sends a fault to the error tracker, with ids as tags and nothing personal: no headers, cookies, query or body. */
export type ReportError = (error: unknown, tags: Readonly<Record<string, string>>) => void;

export function createErrorsSink(settings: ErrorsSinkSettings, invocation: Invocation): ReportError {
  const { dsn, environment, release } = settings;
  if (dsn === undefined) return () => undefined;
  return (error, tags) => {
    const toucan = new Toucan({
      dsn,
      environment,
      release,
      context: { waitUntil: (promise: Promise<unknown>) => invocation.executionContext.waitUntil(promise) },
      ...(invocation.request === undefined ? {} : { request: invocation.request }),
      requestDataOptions: { allowedHeaders: false, allowedCookies: false, allowedSearchParams: false },
    });
    toucan.setTags({ ...tags });
    toucan.captureException(tellable(error));
  };
}
