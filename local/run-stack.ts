import { createReviver } from "./revive.ts";
import { seedAccounts, seedCatalogue } from "./seed.ts";
import type { WorkerName } from "./stack-plan.ts";
import { openStack, type Stack } from "./stack.ts";
import { readStackSettings } from "./stack-settings.ts";
import { describeShop, explainAndExit, say, untilAskedToEnd } from "./terminal.ts";

/** Runs the shop, with one kind of Worker, until it is asked to end, and ends this program then. */
export async function runStack(worker: WorkerName): Promise<never> {
  return run(worker).then(() => process.exit(0), explainAndExit);
}

async function run(worker: WorkerName): Promise<void> {
  const startedAt = performance.now();
  const askedToEnd = untilAskedToEnd();
  const broken = Promise.withResolvers<never>();
  const stack: Stack = await openStack(readStackSettings(process.env), {
    log: say,
    onDeath: (part, how) => revive(part, how),
  });
  const revive = createReviver({ restart: stack.restart, log: say, giveUp: broken.reject });
  try {
    const outcome = await Promise.race([bringUp(stack, worker), askedToEnd, broken.promise]);
    if (outcome === "up") {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(
        `\nTradewind is up after ${seconds} s. Ctrl-C stops it.\n\n${describeShop(stack.addresses)}\n`,
      );
      await Promise.race([askedToEnd, broken.promise]);
    }
  } finally {
    say("stack", "stopping");
    await stack.stop();
  }
  say("stack", "stopped");
}

async function bringUp(stack: Stack, worker: WorkerName): Promise<"up"> {
  await stack.startServices();
  await stack.startWorker(worker);
  const { api, services } = stack.addresses;
  const shop = { api, databaseUrl: services.postgres };
  const adminToken = await seedAccounts(shop);
  const products = await seedCatalogue(shop, adminToken);
  if (products > 0) say("shop", `imported the demo catalogue: ${products} products`);
  await stack.announce();
  return "up";
}
