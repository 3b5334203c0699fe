import { setTimeout as sleep } from "node:timers/promises";
import type { PartName } from "./part-launchers.ts";
import type { PartListener } from "./part-group.ts";

const REVIVALS_MAX = 5;
const PAUSE_MS = 1000;

type Reviver = {
  restart: (part: PartName) => Promise<void>;
  log: PartListener["log"];
  /** Told when a part cannot be had back. */
  giveUp: (fault: unknown) => void;
};

/** Starts anew whatever ends unasked, a few times; a part that ends again and again is broken. */
export function createReviver({ restart, log, giveUp }: Reviver): PartListener["onDeath"] {
  const revivals = new Map<PartName, number>();
  const revive = async (part: PartName, how: string): Promise<void> => {
    const count = (revivals.get(part) ?? 0) + 1;
    revivals.set(part, count);
    if (count > REVIVALS_MAX) throw new Error(`${part} ended ${count} times by itself; its log says why.`);
    log(part, `ended by itself (${how}); starting it again`);
    await sleep(PAUSE_MS);
    await restart(part);
  };
  return (part, how) => {
    revive(part, how).catch(giveUp);
  };
}
