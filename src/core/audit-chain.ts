import { sha256Hex } from "./canonical-json.ts";

/** One entry of the audit log, as it is stored. */
export type ChainedEntry = {
  readonly sequence: number;
  /** Canonical JSON. */
  readonly content: string;
  readonly previousHash: string;
  readonly hash: string;
};

/** The end of a chain: what the next entry is bound to. */
export type ChainHead = { readonly sequence: number; readonly hash: string };

/** The end of a chain without entries. */
export const emptyChain: ChainHead = { sequence: 0, hash: "0".repeat(64) };

export type ChainFault = {
  /** The first entry that does not follow. */
  readonly sequence: number;
  readonly reason: "entry missing" | "bound to another entry" | "content changed";
};

/** Follows the chain over entries in their order, from where it was last seen: the new head, or where it breaks. */
export async function followChain(
  from: ChainHead,
  entries: readonly ChainedEntry[],
): Promise<{ head: ChainHead } | { fault: ChainFault }> {
  let head = from;
  for (const { sequence, content, previousHash, hash } of entries) {
    if (sequence !== head.sequence + 1)
      return { fault: { sequence: head.sequence + 1, reason: "entry missing" } };
    if (previousHash !== head.hash) return { fault: { sequence, reason: "bound to another entry" } };
    if (hash !== (await sha256Hex(`${previousHash}\n${sequence}\n${content}`)))
      return { fault: { sequence, reason: "content changed" } };
    head = { sequence, hash };
  }
  return { head };
}
