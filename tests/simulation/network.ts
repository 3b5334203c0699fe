import { AppError } from "#core/errors";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** A broken promise of the shop: what the simulator is looking for. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

/** A call that got no answer; whether it had an effect is not known. */
export class Fault extends Error {}

/** How often what goes wrong, in this history. */
export type Weather = {
  /** The message is lost on its way. */
  lost: number;
  /** It has its effect and the answer is lost. */
  unanswered: number;
  /** It arrives after its caller has given up. */
  late: number;
  /** It arrives twice, where its channel may do that. */
  repeated: number;
  /** The caller dies: before its message leaves or after it had its effect. */
  crash: number;
  /** It takes seconds. */
  slow: number;
};

export const calm: Weather = { lost: 0, unanswered: 0, late: 0, repeated: 0, crash: 0, slow: 0 };

/** One invocation of a Worker; once it has crashed nothing of it goes on. */
export type Process = { readonly name: string; alive: boolean; readonly skewMs: number };

/** Everything that an outcome of a flow can be to the one who asked. */
export type Answer<Value> =
  | { kind: "value"; value: Value }
  | { kind: "refusal"; error: AppError }
  | { kind: "silence" };

/** Milliseconds after which callers give up. */
const callTimeoutMs = 10_000;
const clientTimeoutMs = 45_000;
const slowMsMax = 4_000;
const lateMsMax = 180_000;

/** Who can be out of reach as a whole. */
export type Peer = "postgres" | "objects" | "provider" | "queue" | "live";
export type Channel = { readonly name: string; readonly to: Peer; readonly repeats: boolean };

/** A time during which nothing reaches one peer. */
export type Outage = { readonly of: Peer; readonly from: number; readonly until: number };

/** Carries every call of every flow; here all faults are made. */
export class Network {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly trace: ((line: string) => void) | undefined;
  weather: Weather = calm;
  outage: Outage | undefined;
  /** What went wrong in a flow; the history ends with it. */
  violation: Error | undefined;

  constructor(scheduler: Scheduler, random: Random, trace: ((line: string) => void) | undefined) {
    this.scheduler = scheduler;
    this.random = random;
    this.trace = trace;
  }

  call<Reply>(process: Process, channel: Channel, effect: () => Reply): Promise<Reply> {
    const { scheduler, random, weather } = this;
    if (!process.alive) return never();
    if (random.chance(weather.crash)) {
      const before = random.chance(0.5);
      this.trace?.(`${process.name} crashes ${before ? "before" : "after"} ${channel.name}`);
      process.alive = false;
      if (!before) scheduler.after(this.delayMs(), () => this.#ghost(process, channel, effect));
      return never();
    }
    return new Promise((resolve, reject) => {
      const giveUp = () =>
        scheduler.wakeAfter(callTimeoutMs, () => {
          if (process.alive) reject(new Fault(`${channel.name} gave no answer`));
        });
      if (this.#isOut(channel.to) || random.chance(weather.lost)) {
        this.trace?.(`${process.name}: ${channel.name} is lost`);
        giveUp();
      } else if (random.chance(weather.unanswered)) {
        giveUp();
        scheduler.after(this.delayMs(), () => this.#ghost(process, channel, effect));
      } else if (random.chance(weather.late)) {
        giveUp();
        const delayMs = callTimeoutMs + random.below(lateMsMax);
        scheduler.after(delayMs, () => this.#ghost(process, channel, effect));
      } else {
        this.#carry(process, channel, { effect, resolve, reject });
        if (channel.repeats && random.chance(weather.repeated))
          scheduler.after(this.delayMs() + random.below(20_000), () => this.#ghost(process, channel, effect));
      }
    });
  }

  /** Runs a flow in a process of its own and tells how it ended, as far as the asker can hear it. */
  ask<Value>(name: string, flow: (process: Process) => Promise<Value>): Promise<Answer<Value>> {
    const process: Process = { name, alive: true, skewMs: this.skewMs() };
    return new Promise((resolve) => {
      const answer = (reply: Answer<Value>) => {
        this.trace?.(`${name} ends: ${describe(reply)}`);
        if (!this.random.chance(this.weather.unanswered))
          this.scheduler.wakeAfter(this.delayMs(), () => resolve(reply));
      };
      this.scheduler.wakeAfter(clientTimeoutMs, () => resolve({ kind: "silence" }));
      flow(process).then(
        (value) => answer({ kind: "value", value }),
        (error: unknown) => {
          if (error instanceof AppError) answer({ kind: "refusal", error });
          else if (error instanceof Fault) answer({ kind: "silence" });
          else this.violation ??= serverError(name, error);
        },
      );
    });
  }

  delayMs(): number {
    const { random } = this;
    return random.chance(this.weather.slow) ? random.below(slowMsMax) : 1 + random.below(30);
  }

  skewMs(): number {
    return this.random.chance(0.2) ? this.random.between(-60_000, 60_000) : 0;
  }

  #isOut(peer: Peer): boolean {
    const { outage, scheduler } = this;
    return outage?.of === peer && scheduler.now >= outage.from && scheduler.now < outage.until;
  }

  #carry<Reply>(process: Process, channel: Channel, call: PendingCall<Reply>): void {
    this.scheduler.after(this.delayMs(), () => {
      const outcome = this.#perform(process, channel, call.effect);
      this.scheduler.wakeAfter(this.delayMs(), () => {
        if (!process.alive) return;
        if (outcome.ok) call.resolve(outcome.reply);
        else call.reject(outcome.error);
      });
    });
  }

  #ghost(process: Process, channel: Channel, effect: () => unknown): void {
    this.trace?.(`nobody hears the answer to ${process.name}'s ${channel.name}`);
    this.#perform(process, channel, effect);
  }

  #perform<Reply>(process: Process, channel: Channel, effect: () => Reply): Performed<Reply> {
    try {
      const reply = effect();
      this.trace?.(`${process.name}: ${channel.name} → ${JSON.stringify(reply)}`);
      return { ok: true, reply };
    } catch (error) {
      if (error instanceof Violation) throw error;
      return { ok: false, error: error instanceof Error ? error : new Error("something that is no error") };
    }
  }
}

type Performed<Reply> = { ok: true; reply: Reply } | { ok: false; error: Error };
type PendingCall<Reply> = {
  effect: () => Reply;
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
};

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}

function serverError(flow: string, error: unknown): Error {
  if (error instanceof Violation) return error;
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Violation("no flow ends with a server error", `${flow}: ${told}`);
}

function describe(answer: Answer<unknown>): string {
  switch (answer.kind) {
    case "value":
      return JSON.stringify(answer.value) ?? "done";
    case "refusal":
      return `${answer.error.code} (${answer.error.message})`;
    case "silence":
      return "silence";
  }
}
