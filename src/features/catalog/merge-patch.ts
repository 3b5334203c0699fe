/** RFC 7396 for one level: null removes a member, and the whole. */
export function mergePatched<Value>(
  before: Readonly<Record<string, Value>>,
  patch: Readonly<Record<string, Value | null>> | null | undefined,
): Readonly<Record<string, Value>> {
  if (patch === undefined) return before;
  const after: Record<string, Value> = {};
  for (const [key, value] of Object.entries({ ...(patch === null ? {} : before), ...patch }))
    if (value !== null) after[key] = value;
  return after;
}
