import { expect, test } from "vitest";
import { type ChainedEntry, emptyChain, followChain } from "#core/audit-chain";
import { sha256Hex } from "#core/canonical-json";

async function chainOf(...contents: string[]): Promise<ChainedEntry[]> {
  const chain: ChainedEntry[] = [];
  for (const content of contents) {
    const { sequence: last, hash: previousHash } = chain.at(-1) ?? emptyChain;
    const sequence = last + 1;
    const hash = await sha256Hex(`${previousHash}\n${sequence}\n${content}`);
    chain.push({ sequence, content, previousHash, hash });
  }
  return chain;
}

test("an untouched chain is followed to its head, in parts or at once", async () => {
  const chain = await chainOf("a", "b", "c");
  const whole = await followChain(emptyChain, chain);
  expect(whole).toEqual({ head: { sequence: 3, hash: chain[2]?.hash } });
  const half = await followChain(emptyChain, chain.slice(0, 2));
  if ("fault" in half) throw new Error("the first half should follow");
  expect(await followChain(half.head, chain.slice(2))).toEqual(whole);
});

test("a changed content, a removed entry and an entry of another chain are found where they are", async () => {
  const chain = await chainOf("a", "b", "c");
  const changed = chain.map((entry) => (entry.sequence === 2 ? { ...entry, content: "B" } : entry));
  expect(await followChain(emptyChain, changed)).toEqual({
    fault: { sequence: 2, reason: "content changed" },
  });
  const removed = chain.filter(({ sequence }) => sequence !== 2);
  expect(await followChain(emptyChain, removed)).toEqual({
    fault: { sequence: 2, reason: "entry missing" },
  });
  const other = await chainOf("x", "b", "c");
  const mixed = [...chain.slice(0, 1), ...other.slice(1)];
  expect(await followChain(emptyChain, mixed)).toEqual({
    fault: { sequence: 2, reason: "bound to another entry" },
  });
});
