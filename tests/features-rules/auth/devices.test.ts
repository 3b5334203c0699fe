import { expect, test } from "vitest";
import { deviceOf, networkPrefixOf } from "#features/auth/devices";

test.each([
  ["203.0.113.77", "203.0.113.0/24"],
  ["2001:DB8:0001:2:3:4:5:6", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8:0::/48"],
  ["::1", "0:0:0::/48"],
])("of %s only %s is kept", (address, network) => {
  expect(networkPrefixOf(address)).toBe(network);
});

test.each([
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
    "Edge on macOS",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1",
    "Safari on iPhone",
  ],
  [
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Chrome on Android",
  ],
  ["curl/8.9.0", "curl"],
  ["a program of our own", "Unknown device"],
  [null, "Unknown device"],
])("%j is %s", (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device);
});
