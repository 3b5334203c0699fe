import type { BenchStack } from "./bench-stack.ts";
import { untilEventsAreHandled } from "./fill-shop.ts";
import { connectProfiler } from "./inspector.ts";
import { applyLoad } from "./load.ts";
import { type Operation, prepare } from "./operations.ts";
import { describeProfile, summariseProfile } from "./profile.ts";

/** V8 has seen every path often enough to have compiled it. */
const WARM_UP_SECONDS = 5;
/** The service in workerd's configuration that runs the bundle. */
const SHOP = "shop";

/** What one operation spends the Worker's time on, its events included. */
export async function profileOperation(
  stack: BenchStack,
  operation: Operation,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<string> {
  if (stack.inspectorPort === undefined) throw new Error("The shop was started without an inspector.");
  const load = { origin: stack.addresses.api, connections, performer: operation.performer };
  await prepare(operation, load.origin);
  await applyLoad({ ...load, seconds: WARM_UP_SECONDS });
  await untilEventsAreHandled(stack);
  const profiler = await connectProfiler(stack.inspectorPort, SHOP);
  try {
    await profiler.start();
    const { operations, faults } = await applyLoad({ ...load, seconds });
    await untilEventsAreHandled(stack);
    const summary = summariseProfile(await profiler.stop(), stack.sourceMap);
    return [
      `${operation.name} at ${connections} connections`,
      describeProfile(summary, operations),
      ...faults,
    ].join("\n");
  } finally {
    profiler.close();
  }
}
