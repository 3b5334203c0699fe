import { explainFault } from "./explain-fault.ts";
import { DEMO_ADMIN, DEMO_CUSTOMER } from "./credentials.ts";
import type { Addresses } from "./stack-plan.ts";

const NAME_WIDTH = 9;
const PARENT_POLL_MS = 1000;

/** Ctrl-C comes twice: from the terminal and, a moment later, from npm. */
const REPEATED_SIGNAL_MS = 1000;

/** One line of progress, or of a part's own log. */
export function say(part: string, line: string): void {
  console.log(`${part.padEnd(NAME_WIDTH)} ${line}`);
}

export function describeShop({ api, services }: Addresses): string {
  const rows = [
    ["API", api],
    ...Object.entries(services),
    ["admin", `${DEMO_ADMIN.email}  password: ${DEMO_ADMIN.password}`],
    ["customer", `${DEMO_CUSTOMER.email}  password: ${DEMO_CUSTOMER.password}`],
  ];
  return rows.map(([name = "", value = ""]) => `  ${name.padEnd(NAME_WIDTH)} ${value}`).join("\n");
}

/** Tells the person at the terminal what went wrong, without a stack trace, and ends with a failure. */
export function explainAndExit(fault: unknown): never {
  console.error(`\n${explainFault(fault)}`);
  process.exit(1);
}

/**
 * Resolves to how this program was asked to end: by a signal, or by the death of the npm that runs it. An impatient
 * second signal ends it at once; the parts of the stack notice that by themselves.
 */
export function untilAskedToEnd(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let askedAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      askedAt ??= performance.now();
      if (performance.now() - askedAt > REPEATED_SIGNAL_MS) process.exit(1);
      resolve(signal);
    });
  }
  if (process.env["npm_lifecycle_event"] !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) resolve("npm has gone");
    }, PARENT_POLL_MS).unref();
  }
  return promise;
}
