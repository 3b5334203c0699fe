/** 16-bit groups of an IPv6 address that name a network; the rest is chosen freely by its hosts. */
const networkGroups = 4;
const groupsMax = 8;

/**
 * The network that a client address belongs to: the address itself for IPv4, its /64 for IPv6, where one customer
 * commands the whole of it. Without an address, as when nothing stands in front of the Worker, all share one.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return "unknown";
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = Array<string>(Math.max(0, groupsMax - before.length - after.length)).fill("0");
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  const network = groups.slice(0, networkGroups).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
