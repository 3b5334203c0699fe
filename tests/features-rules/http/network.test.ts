import { expect, test } from "vitest";
import { networkOf, networksOf } from "#http/network";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::9", "2001:db8:0:0::/64"],
  ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  [undefined, "unknown"],
])("%s belongs to %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ["192.0.2.7", "192.0.2.7", undefined],
  ["::ffff:192.0.2.7", "192.0.2.7", undefined],
  ["2001:db8:7:1::9", "2001:db8:7:1::/64", "2001:db8:7::/48"],
  ["2001:0DB8::1", "2001:db8:0:0::/64", "2001:db8:0::/48"],
])("%s belongs to %s within %s", (address, network, site) => {
  expect(networksOf(address)).toEqual({ network, site });
});
