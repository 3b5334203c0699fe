import { z } from "@hono/zod-openapi";

export const Health = z.object({ status: z.literal("ok") }).openapi("Health");

/** Everything that the API needs to serve all of its routes. */
export const dependencies = ["database_primary", "database_replica", "cache", "queue", "search"] as const;
export type Dependency = (typeof dependencies)[number];

const DependencyState = z
  .object({
    status: z.enum(["up", "down"]),
    latency_ms: z.int().openapi({ description: "Until the answer, or until we gave up." }),
  })
  .openapi("DependencyState");
export type DependencyState = z.infer<typeof DependencyState>;

export const Readiness = z
  .object({
    status: z.enum(["ready", "unavailable"]),
    dependencies: z.record(z.enum(dependencies), DependencyState),
    order_databases: z.record(z.string(), DependencyState).openapi({
      description:
        "By name, where orders live in other databases besides the primary. One that is down fails its own customers.",
    }),
  })
  .openapi("Readiness");
export type Readiness = z.infer<typeof Readiness>;
