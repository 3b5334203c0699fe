import type { Mutant } from "./mutant.ts";

const claims = "durable-objects/inventory/claims.ts";
const adjustments = "durable-objects/inventory/adjustments.ts";
const ledger = "durable-objects/inventory/ledger.ts";
const stockClaims = "src/features/orders/stock-claims.ts";
const orderRules = "src/features/orders/rules.ts";

/** Bugs in the inventory ledger and in how orders claim stock. */
export const stockMutants: readonly Mutant[] = [
  {
    name: "one unit more is held than there is",
    file: claims,
    search: "if (availableOf(stock) < quantity)",
    replacement: "if (availableOf(stock) + 1 < quantity)",
  },
  {
    name: "the last unit is never sold",
    file: claims,
    search: "if (availableOf(stock) < quantity)",
    replacement: "if (availableOf(stock) <= quantity)",
  },
  {
    name: "a repeated reserve holds again",
    file: claims,
    search: "if (existing) return { stock, reply: repeatedReserve(existing, command, stock) };",
    replacement:
      'if (existing && existing.status !== "held") return { stock, reply: repeatedReserve(existing, command, stock) };',
  },
  {
    name: "a released claim is held again by a late reserve",
    file: claims,
    search: "if (existing) return { stock, reply: repeatedReserve(existing, command, stock) };",
    replacement:
      'if (existing && existing.status !== "released") return { stock, reply: repeatedReserve(existing, command, stock) };',
  },
  {
    name: "a refusal is forgotten: the repetition may succeed",
    file: claims,
    search: "if (existing) return { stock, reply: repeatedReserve(existing, command, stock) };",
    replacement:
      'if (existing && existing.status !== "refused") return { stock, reply: repeatedReserve(existing, command, stock) };',
  },
  {
    name: "a hold takes no units",
    file: claims,
    search: "const change = { held: stock.held + quantity };",
    replacement: "const change = {};",
  },
  {
    name: "a hold never expires",
    file: claims,
    search: "expiresAt: (now + holdMs) as EpochMs",
    replacement: "expiresAt: Number.MAX_SAFE_INTEGER as EpochMs",
  },
  {
    name: "a hold expires at once",
    file: claims,
    search: "expiresAt: (now + holdMs) as EpochMs",
    replacement: "expiresAt: now",
  },
  {
    name: "a release that overtakes its reserve leaves no tombstone",
    file: claims,
    search: "return { stock, reservation: tombstone(command.id, now), reply: { ok: true } };",
    replacement: "return { stock, reply: { ok: true } };",
  },
  {
    name: "a release frees one unit too few",
    file: claims,
    search: "...journal(stock, { held: stock.held - quantity }, { ...end, quantity, reservationId }),",
    replacement:
      "...journal(stock, { held: stock.held - quantity + 1 }, { ...end, quantity, reservationId }),",
  },
  {
    name: "a reverted sale stays sold",
    file: claims,
    search: 'if (existing?.status !== "committed") {',
    replacement: "if (existing !== undefined) {",
  },
  {
    name: "a reverted sale can be committed again",
    file: claims,
    search:
      'reservation: { ...existing, status: "released", changedAt: now },\n    reply: { ok: true },\n  };\n}\n\n/** Ends a hold whose time',
    replacement:
      'reservation: { ...existing, status: "expired", changedAt: now },\n    reply: { ok: true },\n  };\n}\n\n/** Ends a hold whose time',
  },
  {
    name: "an expired hold is sold although nothing remains",
    file: claims,
    search: "if (availableOf(stock) >= existing.quantity) return sell",
    replacement: "if (availableOf(stock) >= 0) return sell",
  },
  {
    name: "a claim that is gone may come back",
    file: claims,
    search:
      'return { stock, reservation: { ...existing, status: "released", changedAt: now }, reply: gone };',
    replacement: "return { stock, reply: gone };",
  },
  {
    name: "a commit that repeats sells again",
    file: claims,
    search:
      'case "committed":\n      return { stock, reply: { ok: true } };\n    case "held":\n      return sell',
    replacement: 'case "committed":\n    case "held":\n      return sell',
  },
  {
    name: "a commit keeps its units held",
    file: claims,
    search: "held: stock.held - (wasHeld ? quantity : 0)",
    replacement: "held: stock.held",
  },
  {
    name: "a rescued claim takes units off the holds of others",
    file: claims,
    search: "held: stock.held - (wasHeld ? quantity : 0)",
    replacement: "held: stock.held - quantity",
  },
  {
    name: "a commit of a released claim is granted",
    file: claims,
    search: 'case "released":\n    case "refused":\n      return { stock, reply: gone };',
    replacement: 'case "released":\n    case "refused":\n      return { stock, reply: { ok: true } };',
  },
  {
    name: "units that are held or sold can be lost",
    file: adjustments,
    search: "return availableOf({ ...stock, onHand }) < 0",
    replacement: "return onHand < 0",
  },
  {
    name: "an adjustment that repeats counts twice",
    file: adjustments,
    search: "if (earlier) return { stock, reply: repeatedAdjust(earlier, fingerprint, stock) };",
    replacement: "",
  },
  {
    name: "a recount forgets what is sold",
    file: adjustments,
    search: "return stock.sold + command.quantity;",
    replacement: "return command.quantity;",
  },
  {
    name: "the journal skips a number",
    file: ledger,
    search: "seq: figures.seq + 1",
    replacement: "seq: figures.seq + 1 + (figures.seq % 7 === 6 ? 1 : 0)",
  },
  {
    name: "holds count as available",
    file: ledger,
    search: "return stock.onHand - stock.held - stock.sold;",
    replacement: "return stock.onHand - stock.sold;",
  },
  {
    name: "a short order keeps what it held",
    file: stockClaims,
    search: "if (short.length > 0)\n    await Promise.all(",
    replacement: "if (short.length > 1)\n    await Promise.all(",
  },
  {
    name: "an order is placed with only a part of its stock",
    file: stockClaims,
    search: "return reply === undefined || reply.ok ? [] : [{ sku, quantity, reply }];",
    replacement: "return reply === undefined || reply.ok || index > 0 ? [] : [{ sku, quantity, reply }];",
  },
  {
    name: "units that are gone are sold nevertheless",
    file: stockClaims,
    search: "return { sku, ok: reply.ok };",
    replacement: "return { sku, ok: reply !== undefined };",
  },
  {
    name: "only the first SKU of an ended order is returned",
    file: stockClaims,
    search: "unitsBySku(lines).map(([sku]) => stock(sku).revert(",
    replacement: "unitsBySku(lines).slice(0, 1).map(([sku]) => stock(sku).revert(",
  },
  {
    name: "an ended order's holds are released, its commitments not",
    file: stockClaims,
    search: 'stock(sku).revert({ type: "revert", id: reservationId(id, sku) })',
    replacement:
      'stock(sku).release({ type: "release", id: reservationId(id, sku) }).then(() => ({ ok: true as const }))',
  },
  {
    name: "all orders share one claim on a SKU",
    file: orderRules,
    search: "return `${orderId}/${sku}`;",
    replacement: "return `${orderId.length}/${sku}`;",
  },
  {
    name: "holds end before the time to pay does",
    file: orderRules,
    search: "holdMs: 60 * 60 * 1000,",
    replacement: "holdMs: 60 * 1000,",
  },
  {
    name: "a short order releases only what was refused",
    file: stockClaims,
    search: "      units.map(([sku]) => stock(sku).release(",
    replacement: "      short.map(({ sku }) => stock(sku).release(",
  },
  {
    name: "only the first SKU of an order is committed",
    file: stockClaims,
    search: "unitsBySku(lines).map(async ([sku]) => {",
    replacement: "unitsBySku(lines).slice(0, 1).map(async ([sku]) => {",
  },
];
