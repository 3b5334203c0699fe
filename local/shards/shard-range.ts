import { shardCount } from "#platform/order-shards";

/** Shards from the first to the last, both included. */
export type ShardRange = { readonly first: number; readonly last: number };

/** @throws Error when the text is no range such as 512-767 or 512. */
export function parseShardRange(text: string | undefined): ShardRange {
  const [, from, to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(text ?? "") ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === undefined || first > last || last >= shardCount)
    throw new Error(
      `Name shards within 0-${shardCount - 1}, such as 512-767; "${text ?? ""}" is no such range.`,
    );
  return { first, last };
}

export function shardsOf({ first, last }: ShardRange): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
