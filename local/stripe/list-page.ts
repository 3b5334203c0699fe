import { z } from "zod";
import type { Condition } from "../simulator/object-store.ts";
import type { ObjectName, StoredObjects } from "./stored-objects.ts";
import { expandable, wholeNumber } from "./parameters.ts";
import { noSuch } from "./failure.ts";
import type { Work } from "./simulation.ts";

const PAGE_DEFAULT = 10;
const PAGE_MAX = 100;

const pageLimit = wholeNumber.refine((limit) => limit >= 1 && limit <= PAGE_MAX, {
  error: `This value must be between 1 and ${PAGE_MAX}.`,
  params: { code: "parameter_invalid_integer" },
});

const bounds = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** Parameters that every list takes. */
export const pagination = {
  ...expandable,
  limit: pageLimit.optional(),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
  created: z
    .union([
      wholeNumber,
      z.strictObject({
        gt: wholeNumber.optional(),
        gte: wholeNumber.optional(),
        lt: wholeNumber.optional(),
        lte: wholeNumber.optional(),
      }),
    ])
    .optional(),
};
const Pagination = z.object(pagination);
type Pagination = z.infer<typeof Pagination>;

export function createdFilter({ created }: Pick<Pagination, "created">): Condition[] {
  if (created === undefined) return [];
  if (typeof created === "number") return [{ field: "created", operator: "=", value: created }];
  return Object.entries(bounds).flatMap(([bound, operator]) => {
    const value = created[bound as keyof typeof bounds];
    return value === undefined ? [] : [{ field: "created", operator, value }];
  });
}

/** One `=` condition for every parameter that was given; the names are those of the stored fields. */
export function equalTo(wanted: Record<string, string | undefined>): Condition[] {
  return Object.entries(wanted).flatMap(([field, value]) =>
    value === undefined ? [] : [{ field, operator: "=" as const, value }],
  );
}

export type ListOf<Item> = { object: "list"; url: string; has_more: boolean; data: Item[] };

export function listPage<Name extends ObjectName>(
  work: Work,
  list: { name: Name; url: string; parameters: Pagination; conditions: readonly Condition[] },
): ListOf<StoredObjects[Name]> {
  const { name, url, parameters, conditions } = list;
  const limit = parameters.limit ?? PAGE_DEFAULT;
  const { starting_after: startingAfter, ending_before: endingBefore } = parameters;
  const cursor = endingBefore ?? startingAfter;
  if (cursor !== undefined && work.store.find(name, cursor) === undefined) {
    throw noSuch(name, cursor, endingBefore === undefined ? "starting_after" : "ending_before");
  }
  const found = work.store.list(name, { conditions, limit, startingAfter, endingBefore });
  const data = found.slice(0, limit);
  if (endingBefore !== undefined) data.reverse();
  return { object: "list", url, has_more: found.length > limit, data };
}
