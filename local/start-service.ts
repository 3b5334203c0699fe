import { join } from "node:path";
import { startPart } from "./part-process.ts";
import { planStack, serviceNames } from "./stack-plan.ts";
import { readStackSettings } from "./stack-settings.ts";
import { explainAndExit, say, untilAskedToEnd } from "./terminal.ts";

/** `npm run service -- redis`: one service of the local stack alone, on its port and state, until Ctrl-C. */
async function startService(wanted: string | undefined): Promise<void> {
  const name = serviceNames.find((candidate) => candidate === wanted);
  if (name === undefined) throw new Error(`Which one? Use: npm run service -- ${serviceNames.join("|")}`);
  const askedToEnd = untilAskedToEnd();
  const settings = readStackSettings(process.env);
  const plan = await planStack(settings);
  const death = Promise.withResolvers<never>();
  const service = await startPart({
    name,
    options: plan.services[name],
    logFolder: join(settings.stateFolder, "logs"),
    log: (line) => say(name, line),
    onDeath: (how) => death.reject(new Error(`${name} ended by itself (${how}).`)),
  });
  say(name, `up at ${plan.addresses.services[name]}. Ctrl-C stops it.`);
  await Promise.race([askedToEnd, death.promise]);
  await service.stop();
}

await startService(process.argv[2]).then(() => process.exit(0), explainAndExit);
