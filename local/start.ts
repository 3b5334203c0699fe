import { createReviver } from "./revive.ts";
import { seedAccounts, seedCatalogue } from "./seed.ts";
import { openStack, type Stack } from "./stack.ts";
import { readStackSettings } from "./stack-settings.ts";
import { describeShop, explainAndExit, say, untilAskedToEnd } from "./terminal.ts";

/** `npm start`: the whole shop on this machine, until Ctrl-C. */
async function start(): Promise<void> {
  const startedAt = performance.now();
  const askedToEnd = untilAskedToEnd();
  const broken = Promise.withResolvers<never>();
  const stack: Stack = await openStack(readStackSettings(process.env), {
    log: say,
    onDeath: (part, how) => revive(part, how),
  });
  const revive = createReviver({ restart: stack.restart, log: say, giveUp: broken.reject });
  try {
    const outcome = await Promise.race([bringUp(stack), askedToEnd, broken.promise]);
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

async function bringUp(stack: Stack): Promise<"up"> {
  await stack.startServices();
  await stack.startWorker();
  const { api, services } = stack.addresses;
  const adminToken = await seedAccounts({ api, databaseUrl: services.postgres });
  if (await seedCatalogue(api, adminToken)) say("shop", "imported the demo catalogue");
  await stack.announce();
  return "up";
}

await start().then(() => process.exit(0), explainAndExit);
