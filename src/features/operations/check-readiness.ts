import type { Context } from "#platform/context";
import { pingDatabase } from "#platform/database";
import { within } from "#platform/deadline";
import { errorFields } from "#platform/log";
import { otherOrderHomes } from "#platform/order-homes";
import type { Dependency, DependencyState, Readiness } from "./schema.ts";

/** How long a dependency may take to answer a probe, in milliseconds. */
export const probeDeadlineMs = 2_000;

/** Asks every dependency at once. The faults themselves are logged and never shown. */
export async function checkReadiness(context: Context): Promise<Readiness> {
  const { databases, cache, queue, search } = context;
  const probe = (dependency: Dependency, ask: () => Promise<unknown>) =>
    probeDependency(context, dependency, ask);
  const probingOrders = Promise.all(
    otherOrderHomes(context).map(
      async ({ name, database }) =>
        [name, await probeDependency(context, `orders at ${name}`, () => pingDatabase(database))] as const,
    ),
  );
  const [primary, replica, cacheState, queueState, searchState] = await Promise.all([
    probe("database_primary", () => pingDatabase(databases.primary)),
    probe("database_replica", () =>
      Promise.all(databases.replicas.map(({ database }) => pingDatabase(database))),
    ),
    probe("cache", () => cache.ping()),
    probe("queue", () => queue.ping()),
    probe("search", () => search.health()),
  ]);
  const dependencies = {
    database_primary: primary,
    database_replica: replica,
    cache: cacheState,
    queue: queueState,
    search: searchState,
  };
  const orderDatabases = Object.fromEntries(await probingOrders);
  const states = [...Object.values(dependencies), ...Object.values(orderDatabases)];
  const ready = states.every(({ status }) => status === "up");
  return { status: ready ? "ready" : "unavailable", dependencies, order_databases: orderDatabases };
}

async function probeDependency(
  context: Context,
  dependency: string,
  ask: () => Promise<unknown>,
): Promise<DependencyState> {
  const startedAt = context.now();
  const latency = () => context.now() - startedAt;
  try {
    await within(probeDeadlineMs, ask());
    return { status: "up", latency_ms: latency() };
  } catch (error) {
    context.log("warn", "a dependency is not ready", { ...errorFields(error), provider: dependency });
    return { status: "down", latency_ms: latency() };
  }
}
