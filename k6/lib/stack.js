const STACK_FILE = __ENV.STACK_FILE || import.meta.resolve("../../.local/stack.json");
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d+$/;

/**
 * Where the running stack is and who its demo admin is, as `npm start` wrote it. Load is only ever put on this very
 * machine.
 */
export const stack = readStack();

function readStack() {
  const { api, services, admin } = JSON.parse(open(STACK_FILE));
  for (const url of [api, services.stripe])
    if (!LOOPBACK.test(url)) throw new Error(`${url} is not on this machine; load tests stay on it.`);
  return { api, stripe: services.stripe, admin };
}
