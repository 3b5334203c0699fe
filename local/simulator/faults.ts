import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { seededRandom } from "../seeded-random.ts";
import { readSetting, writeSetting } from "./settings.ts";

const DELAY_MS_MAX = 60_000;
const TIMES_MAX = 1_000_000;

/** A share of webhooks, 0 to 1; true and false stand for all and none. */
const Share = z.union([z.boolean().transform(Number), z.number().min(0).max(1)]);

// Which calls a fault strikes. In `path`, `*` stands for any text: `/v1/payment_intents/*/capture`.
const Target = z.strictObject({
  path: z.string().startsWith("/"),
  method: z.enum(["GET", "POST", "PATCH", "DELETE"]).optional(),
  times: z.int().min(1).max(TIMES_MAX).default(1),
});

export const Faults = z.strictObject({
  /** Every API call waits this long before it takes effect. */
  delay_ms: z.int().min(0).max(DELAY_MS_MAX),
  /** The call takes effect, is remembered under its idempotency key, and the connection is cut. */
  lose_reply: Target.nullable(),
  /** `stored`: the 500 is replayed to every retry with the same key. `effect`: the call took effect all the same. */
  error_500: Target.extend({
    stored: z.boolean().default(true),
    effect: z.boolean().default(false),
  }).nullable(),
  duplicate_webhooks: Share,
  reorder_webhooks: Share,
  /** A dropped webhook is never sent unless someone resends it: only a sweep over the events finds it. */
  drop_webhooks: Share,
  webhook_delay_ms: z.int().min(0).max(DELAY_MS_MAX),
  /** Decides which webhooks a share strikes; the same seed gives the same choices. */
  seed: z.int(),
});
export type Faults = z.infer<typeof Faults>;
type FaultChanges = z.infer<ReturnType<typeof Faults.partial>>;

const Aim = z.strictObject({
  ...Target.shape,
  path: Target.shape.path.default("/*"),
  /** Of these calls only such as carry this text in their body or their key, for example the id of an order. */
  containing: z.string().optional(),
});

/** A fault for one payment among many: aimed beside all others, and used up by itself. */
export const Strike = z.discriminatedUnion("fault", [
  Aim.extend({ fault: z.literal("lose_reply") }),
  Aim.extend({
    fault: z.literal("error_500"),
    stored: z.boolean().default(true),
    effect: z.boolean().default(false),
  }),
  /** Webhooks whose body has the text are kept back until somebody resends them. */
  Aim.extend({ fault: z.literal("drop_webhook"), containing: z.string().min(1) }),
]);
export type Strike = z.infer<typeof Strike>;

/** A call of the API, or a webhook on its way out. */
type Struck = { method: string; path: string; content: string };

type Breakdown = { stored: boolean; effect: boolean };

export type FaultSettings = {
  current: () => Faults;
  change: (changes: FaultChanges) => void;
  reset: () => void;
  aim: (strike: Strike) => void;
  /** Takes back what is still aimed at calls, or webhooks, with this text. */
  lift: (containing: string) => void;
  /** Each uses up one strike of its fault if one is aimed at this call. */
  losesReply: (call: Struck) => boolean;
  breaksDown: (call: Struck) => Breakdown | undefined;
  dropsWebhook: (body: string) => boolean;
  /** 0 ≤ roll < 1, from the seeded sequence. */
  roll: () => number;
};

const NO_FAULTS: Faults = {
  delay_ms: 0,
  lose_reply: null,
  error_500: null,
  duplicate_webhooks: 0,
  reorder_webhooks: 0,
  drop_webhooks: 0,
  webhook_delay_ms: 0,
  seed: 1,
};

const FAULTS_SETTING = "faults";
const STRIKES_SETTING = "strikes";

export function createFaultSettings(database: DatabaseSync): FaultSettings {
  let faults = readSetting(database, FAULTS_SETTING, Faults) ?? NO_FAULTS;
  let strikes = readSetting(database, STRIKES_SETTING, z.array(Strike)) ?? [];
  let roll = seededRandom(faults.seed);
  const keep = (changed: Faults) => {
    faults = changed;
    writeSetting(database, FAULTS_SETTING, faults);
  };
  const keepStrikes = (changed: Strike[]) => {
    strikes = changed;
    writeSetting(database, STRIKES_SETTING, strikes);
  };
  const useUp = <Fault extends Strike["fault"]>(fault: Fault, call: Struck) => {
    const aimed = strikes.find((each) => each.fault === fault && isStruck(each, call));
    if (aimed === undefined) return undefined;
    keepStrikes(
      strikes.flatMap((each) =>
        each !== aimed ? [each] : each.times > 1 ? [{ ...each, times: each.times - 1 }] : [],
      ),
    );
    return aimed as Extract<Strike, { fault: Fault }>;
  };
  const useUpOfAll = (fault: "lose_reply" | "error_500", { method, path }: Struck) => {
    const target = faults[fault];
    if (target === null || !isAimedAt(target, method, path)) return false;
    keep({ ...faults, [fault]: target.times > 1 ? { ...target, times: target.times - 1 } : null });
    return true;
  };

  return {
    current: () => faults,
    change: (changes) => {
      keep(Faults.parse({ ...faults, ...changes }));
      if (changes.seed !== undefined) roll = seededRandom(changes.seed);
    },
    reset: () => {
      keep(NO_FAULTS);
      keepStrikes([]);
      roll = seededRandom(NO_FAULTS.seed);
    },
    aim: (strike) => keepStrikes([...strikes, strike]),
    lift: (containing) =>
      keepStrikes(
        strikes.filter((each) => each.containing !== containing && !each.path.includes(containing)),
      ),
    losesReply: (call) => useUp("lose_reply", call) !== undefined || useUpOfAll("lose_reply", call),
    breaksDown: (call) => {
      const { error_500: ofAll } = faults;
      return useUp("error_500", call) ?? (useUpOfAll("error_500", call) ? (ofAll ?? undefined) : undefined);
    },
    dropsWebhook: (body) => useUp("drop_webhook", { method: "POST", path: "/", content: body }) !== undefined,
    roll: () => roll(),
  };
}

function isStruck({ containing, ...target }: Strike, { method, path, content }: Struck): boolean {
  return isAimedAt(target, method, path) && (containing === undefined || content.includes(containing));
}

function isAimedAt(target: z.infer<typeof Target>, method: string, path: string): boolean {
  if (target.method !== undefined && target.method !== method) return false;
  const pattern = target.path
    .split("*")
    .map((text) => text.replace(/[^\w/]/g, "\\$&"))
    .join(".*");
  return new RegExp(`^${pattern}$`).test(path);
}
