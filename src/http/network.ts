/** 16-bit groups of an IPv6 address: all, those of one customer's network, and those of one customer at most. */
const groupsMax = 8;
const networkGroups = 4;
const siteGroups = 3;
const groupBits = 16;

/** Whom an address belongs to, from near to far. */
export type Networks = {
  /** The address itself for IPv4, its /64 for IPv6, where one customer commands the whole of it. */
  readonly network: string;
  /** The /48 of an IPv6 address: what a customer is given at most, with 65,536 networks to choose from. */
  readonly site: string | undefined;
};

/** Without an address, as when nothing stands in front of the Worker, all share one network. */
export function networksOf(address: string | undefined): Networks {
  const plain = address?.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (plain === undefined) return { network: "unknown", site: undefined };
  if (!plain.includes(":")) return { network: plain, site: undefined };
  const groups = expand(plain);
  return { network: prefixOf(groups, networkGroups), site: prefixOf(groups, siteGroups) };
}

/** The nearest of networksOf. */
export function networkOf(address: string | undefined): string {
  return networksOf(address).network;
}

function prefixOf(groups: readonly string[], count: number): string {
  return `${groups.slice(0, count).join(":")}::/${count * groupBits}`;
}

/** All groups of an address, the zeros that "::" stands for included, without leading zeros. */
function expand(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = Array<string>(Math.max(0, groupsMax - before.length - after.length)).fill("0");
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return groups.map((group) => group.replace(/^0+(?=.)/, ""));
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
