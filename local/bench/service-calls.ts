import { type Call, type Gate, openGate } from "../faults/gate.ts";
import type { StackPlan } from "../stack-plan.ts";
import { say } from "../terminal.ts";

/** The services that the Worker calls, and the Worker itself, which is called by buyers, webhooks and the queue. */
const watched = ["worker", "neon", "redis", "queue", "search", "stripe", "mail"] as const;
export type Watched = (typeof watched)[number];

/** One call as it passed on its way to its service. */
export type ServiceCall = Call & {
  readonly service: Watched;
  /** Since the process started. */
  readonly atMs: number;
};

/** Relays in front of every service, which write down each call that passes. */
export type ServiceCalls = {
  /** The plan of a stack whose parts call one another through the relays. */
  readonly plan: StackPlan;
  /** Where buyers are to call, so that their calls are written down, too. */
  readonly origin: string;
  /** The calls since this was last asked. */
  readonly take: () => ServiceCall[];
  readonly close: () => Promise<void>;
};

export async function watchServiceCalls(plan: StackPlan): Promise<ServiceCalls> {
  let calls: ServiceCall[] = [];
  const open = async (service: Watched): Promise<Gate> => {
    const gate = await openGate((line) => say("bench", line));
    gate.leadTo(service === "worker" ? plan.addresses.api : plan.addresses.services[service]);
    gate.stopAt({
      moment: "before_service",
      fits: (call) => {
        calls.push({ ...call, service, atMs: performance.now() });
        return false;
      },
    });
    return gate;
  };
  const [worker, neon, redis, queue, search, stripe, mail] = await Promise.all([
    open("worker"),
    open("neon"),
    open("redis"),
    open("queue"),
    open("search"),
    open("stripe"),
    open("mail"),
  ]);
  const gates = [worker, neon, redis, queue, search, stripe, mail];
  return {
    plan: {
      ...plan,
      services: {
        ...plan.services,
        stripe: { ...plan.services.stripe, webhookUrl: `${worker.url}/webhooks/stripe` },
      },
      workerSettings: {
        ...plan.workerSettings,
        PUBLIC_URL: worker.url,
        NEON_FETCH_ENDPOINT: `${neon.url}/sql`,
        UPSTASH_REDIS_REST_URL: redis.url,
        QSTASH_URL: queue.url,
        MEILISEARCH_URL: search.url,
        STRIPE_API_URL: stripe.url,
        MAIL_API_URL: mail.url,
      },
    },
    origin: worker.url,
    take: () => {
      const taken = calls;
      calls = [];
      return taken;
    },
    close: async () => {
      await Promise.all(gates.map((gate) => gate.close()));
    },
  };
}
