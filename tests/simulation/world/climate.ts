import type { PaymentProvider } from "#core/payment-facts";
import { type Outage, type Peer, type Weather, calm } from "../network.ts";
import type { Random } from "../random.ts";

/** What makes one history different from another, besides chance. */
export type Climate = {
  weather: Weather;
  /** A webhook is never delivered. */
  webhookLost: number;
  /** A queue message is never delivered. */
  messageLost: number;
  /** Authorisations end by themselves, staff click in the provider's dashboard. */
  interference: number;
  priceChange: number;
  /** Ways of paying that the buyers choose from. */
  offered: readonly [PaymentProvider, ...PaymentProvider[]];
  /** A provider's write ends with a 500, which it repeats for the same key. */
  breakdowns: number;
  /** Refunds that take their time, and those that fail. */
  slowRefunds: number;
  /** Staff give money back, here or in the provider's dashboard. */
  refunds: number;
  disputes: number;
  habits: Habits;
};

/** What the buyers of one history are inclined to do. What all do in some histories shows what nobody sees in the average. */
export type Habits = {
  /** Clicks that come twice. */
  doubleClicks: number;
  /** Each time the payment is opened. */
  changesWayToPay: number;
  /** Pays in the page of an earlier payment as well. */
  paysInOldTab: number;
  /** Has paid, waits in vain for the shop to say so, and begins anew, perhaps another way. */
  paysAgainSoon: number;
  /** Leaves the provider's page without having paid. */
  leavesAtProvider: number;
  cancels: number;
  /** Orders that nobody begins to pay. */
  forgets: number;
};

/** A provider that is out of reach for long outlives the holds of what was paid meanwhile; others come back soon. */
export function drawOutage(random: Random, now: number): Outage | undefined {
  if (!random.chance(0.35)) return undefined;
  const of = random.pick<Peer>(["provider", "provider", "provider", "postgres", "objects", "queue", "live"]);
  const from = now + random.between(2, 15) * 60_000;
  const minutes = of === "provider" ? random.between(10, 110) : random.below(8);
  return { of, from, until: from + minutes * 60_000 };
}

const offers: readonly [Climate["offered"], ...Climate["offered"][]] = [
  ["stripe"],
  ["stripe"],
  ["paypal"],
  ["stripe", "paypal"],
  ["stripe", "paypal", "manual"],
  ["manual", "stripe"],
];

/** Whether every call gets through and is answered. */
export function isFaultless({ weather, breakdowns }: Climate): boolean {
  const { lost, unanswered, late, crash } = weather;
  return lost + unanswered + late + crash + breakdowns === 0;
}

export function drawClimate(random: Random): Climate {
  const level = () => random.pick([0, 0, 0.01, 0.04, 0.12]);
  const weather: Weather = random.chance(0.1)
    ? { ...calm }
    : {
        lost: level(),
        unanswered: level(),
        late: level(),
        repeated: level(),
        crash: level(),
        slow: random.pick([0, 0.05, 0.3, 0.9]),
      };
  return {
    weather,
    webhookLost: random.pick([0, 0.1, 0.5, 1]),
    messageLost: random.pick([0, 0.1, 0.5]),
    interference: random.pick([0, 0, 0.1, 0.4]),
    priceChange: random.pick([0, 0, 0.5]),
    offered: random.pick(offers),
    breakdowns: random.pick([0, 0, 0, 0, 0.05]),
    slowRefunds: random.pick([0, 0.2]),
    refunds: random.pick([0, 0.3, 0.7]),
    disputes: random.pick([0, 0, 0.3]),
    habits: drawHabits(random),
  };
}

function drawHabits(random: Random): Habits {
  return {
    doubleClicks: random.pick([0, 0.3, 0.3, 0.8]),
    changesWayToPay: random.pick([0, 0.3, 0.6, 1]),
    paysInOldTab: random.pick([0, 0.5, 1]),
    paysAgainSoon: random.pick([0, 0, 0.4]),
    leavesAtProvider: random.pick([0, 0.1, 0.5]),
    cancels: random.pick([0, 0.3, 0.8]),
    forgets: random.pick([0, 0.15]),
  };
}
