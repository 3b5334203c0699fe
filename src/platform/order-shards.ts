import { z } from "zod";

/** How many shards there are, for good; see shardOfId. */
export const shardCount = 1_024;

/** The name of the primary among the databases of orders. */
export const primaryHome = "home";

const HomeName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,30}$/, "names begin with a small letter and have small letters, digits, - and _")
  .refine((name) => name !== primaryHome, `"${primaryHome}" is DATABASE_URL itself`);

/** JSON of ORDER_DATABASES: where orders may live besides the primary. */
export const OrderDatabases = z
  .array(z.strictObject({ name: HomeName, url: z.url() }))
  .max(15, "there are at most 15 besides the primary")
  .refine((homes) => new Set(homes.map(({ name }) => name)).size === homes.length, "two have one name")
  .refine((homes) => new Set(homes.map(({ url }) => url)).size === homes.length, "two have one url");
export type OrderDatabases = z.infer<typeof OrderDatabases>;

const range = /^(\d{1,4})(?:-(\d{1,4}))?=([a-z][a-z0-9_-]{0,30})$/;

/** The home of each shard, in their order; such as `0-511=home,512-1023=east`. Every shard has exactly one. */
export const OrderShards = z.string().transform((text, context): readonly string[] => {
  const homes: (string | undefined)[] = Array.from({ length: shardCount });
  const refuse = (message: string) => context.addIssue({ code: "custom", message });
  for (const part of text.split(",").map((each) => each.trim())) {
    const [, from, to = from, home] = range.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (home === undefined || first > last || last >= shardCount)
      refuse(`"${part}" is no range such as 0-511=home within 0-${shardCount - 1}`);
    else if (homes.slice(first, last + 1).some((taken) => taken !== undefined))
      refuse(`"${part}" names shards that another range names too`);
    else homes.fill(home, first, last + 1);
  }
  const without = homes.indexOf(undefined);
  if (context.issues.length === 0 && without >= 0) refuse(`shard ${without} has no home`);
  return homes.map((home) => home ?? primaryHome);
});

/** What is said of shards, in the form in which it is set: neighbours of one home are one range. */
export function describeShards(homes: readonly string[]): string {
  const begins = homes.flatMap((home, shard) => (home === homes[shard - 1] ? [] : [shard]));
  return begins
    .map((first, index) => `${first}-${(begins[index + 1] ?? homes.length) - 1}=${homes[first]}`)
    .join(",");
}
