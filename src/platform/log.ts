import { tellable } from "#core/faults";
import { currentTime, toTimestamp } from "#core/time";

/**
 * The fields that may be logged: an allow-list, so that no personal data slips in with an object that grew.
 * Ids, codes, counts and times only.
 */
export type LogFields = {
  request_id?: string;
  trace_id?: string;
  method?: string;
  /** The route's pattern, never the concrete path. */
  route?: string;
  status?: number;
  duration_ms?: number;
  database_calls?: number;
  object_calls?: number;
  code?: string;
  user_id?: string;
  order_id?: string;
  attempt_id?: string;
  product_id?: string;
  sku?: string;
  event_id?: string;
  event_type?: string;
  handler?: string;
  provider?: string;
  provider_reference?: string;
  job?: string;
  /** The name of a database of orders. */
  home?: string;
  count?: number;
  /** A month of orders, by its first day. */
  month?: string;
  error_name?: string;
  error_message?: string;
  stack?: string;
};

export type LogLevel = "info" | "warn" | "error";

/** One structured line a call: JSON with time, level, message and the allowed fields. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

export function createLog(base: LogFields): Log {
  return (level, message, fields = {}) => {
    const line = JSON.stringify({ time: toTimestamp(currentTime()), level, message, ...base, ...fields });

    console[level === "info" ? "log" : level](line);
  };
}

/** What may be logged of a thrown value. */
export function errorFields(error: unknown): LogFields {
  const { name, message, stack } = tellable(error);
  return { error_name: name, error_message: message, ...(stack === undefined ? {} : { stack }) };
}
