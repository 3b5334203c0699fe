import type { Channel } from "../network.ts";

const toObject = (name: string): Channel => ({ name, to: "objects", repeats: true });
const toPostgres = (name: string): Channel => ({ name, to: "postgres", repeats: false });
const toProvider = (name: string): Channel => ({ name, to: "provider", repeats: true });
/** Every call that a flow makes. Objects and providers hear some twice; a transaction runs once or not at all. */
export const calls = {
  cart: toObject("cart"),
  reserve: toObject("reserve"),
  release: toObject("release"),
  commit: toObject("commit"),
  revert: toObject("revert"),
  adjust: toObject("adjust"),
  load: toPostgres("load"),
  find: toPostgres("find"),
  store: toPostgres("store"),
  move: toPostgres("move"),
  authorise: toProvider("authorise"),
  read: toProvider("read"),
  capture: toProvider("capture"),
  cancel: toProvider("cancel"),
  refund: toProvider("refund"),
};
