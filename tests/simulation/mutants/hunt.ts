import { startThread } from "../thread.ts";
import type { Mutant } from "./mutant.ts";

const seedsPerAssignment = 250;

export type Catch = { seed: number; invariant: string };

/** The first history that shows the mutant, or undefined when none does. */
export async function hunt(mutant: Mutant, seedsMax: number): Promise<Catch | undefined> {
  const thread = startThread(mutant);
  try {
    for (let from = 1; from <= seedsMax; from += seedsPerAssignment) {
      const { violation } = await thread.run({ from, count: seedsPerAssignment });
      if (violation) return violation;
    }
    return undefined;
  } finally {
    await thread.end();
  }
}
