import { minuteMs } from "#core/time";
import { createIsolateMemory } from "#platform/isolate-memory";
import type { ProductDocument } from "./document.ts";
import { copyLifeMs } from "./epoch.ts";

/** For so long products that were seen here are shown while neither Redis nor a database can tell of them. */
const oldMs = 10 * minuteMs;

/** Products as this isolate has read them. */
export const productMemory = createIsolateMemory<ProductDocument>({
  entriesMax: 1_000,
  lifeMs: copyLifeMs,
  oldMs,
});

/** Ids that no product has, so that guessing ids costs the database little; others are told through Redis. */
export const unknownIds = createIsolateMemory<true>({ entriesMax: 1_000, lifeMs: copyLifeMs });
