import { Client } from "pg";
import type { TestProject } from "vitest/node";
import { makeAdmin } from "#local/make-admin";
import type { Addresses } from "#local/stack-plan";
import { startOwnStack } from "./own-stack.ts";
import { createShopClient, type SignIn } from "./shop-client.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Undefined where tests start stacks of their own. */
    addresses?: Addresses;
    stateFolder: string;
    /** One for each worker of the shared stack's tests. */
    admins?: SignIn[];
  }
}

/** `TEST_REPLICA_DELAY_MS=800` looks for tests that hold only as long as the replica is not behind. */
const replicaDelayMs = Number(process.env["TEST_REPLICA_DELAY_MS"] ?? 0);

/** One real stack for all tests of the project, each of which makes its own customers and products in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startOwnStack();
  if (replicaDelayMs > 0) await delayReplica(stack.addresses);
  project.provide("addresses", stack.addresses);
  project.provide("stateFolder", stack.stateFolder);
  project.provide("admins", await makeAdmins(stack.addresses, project.config.maxWorkers));
  return stack.end;
}

async function makeAdmins({ api, services }: Addresses, count: number): Promise<SignIn[]> {
  const { registerCustomer } = createShopClient(api);
  const admins = await Promise.all(Array.from({ length: count }, registerCustomer));
  for (const { email } of admins) await makeAdmin(services.postgres, email);
  return admins.map(({ email, password }) => ({ email, password }));
}

async function delayReplica({ services }: Addresses): Promise<void> {
  const replica = new Client({ connectionString: services.replica });
  await replica.connect();
  await replica.query(`alter system set recovery_min_apply_delay = ${replicaDelayMs}`);
  await replica.query("select pg_reload_conf()");
  await replica.end();
}
