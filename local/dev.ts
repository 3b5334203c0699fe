import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectFolder } from "./project.ts";
import { createReviver } from "./revive.ts";
import { openStack, type Stack } from "./stack.ts";
import { readStackSettings, type StackSettings } from "./stack-settings.ts";
import { explainAndExit, say, untilAskedToEnd } from "./terminal.ts";

const WRANGLER = join(projectFolder, "node_modules", "wrangler", "bin", "wrangler.js");

/** `npm run dev`: the services, and wrangler with hot reload in place of the finished bundle. */
async function develop(): Promise<void> {
  const askedToEnd = untilAskedToEnd();
  const broken = Promise.withResolvers<never>();
  const settings = readStackSettings(process.env);
  const stack: Stack = await openStack(settings, { log: say, onDeath: (part, how) => revive(part, how) });
  const revive = createReviver({ restart: stack.restart, log: say, giveUp: broken.reject });
  let wrangler: ChildProcess | undefined;
  try {
    if ((await Promise.race([stack.startServices(), askedToEnd, broken.promise])) !== undefined) return;
    wrangler = await startWrangler(stack, settings);
    await stack.announce();
    void repeatSweep(stack.addresses.api, settings.sweepIntervalMs);
    await Promise.race([once(wrangler, "exit"), askedToEnd, broken.promise]);
  } finally {
    await endWrangler(wrangler);
    await stack.stop();
  }
}

async function startWrangler(stack: Stack, { stateFolder }: StackSettings): Promise<ChildProcess> {
  const folder = join(stateFolder, "dev");
  await mkdir(folder, { recursive: true });
  const variables = join(folder, "variables.env");
  const lines = Object.entries(stack.workerSettings).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(variables, lines.join(""), { mode: 0o600 });
  const { hostname, port } = new URL(stack.addresses.api);
  const words = ["dev", "--env", "", "--env-file", variables, "--persist-to", folder, "--test-scheduled"];
  return spawn(process.execPath, [WRANGLER, ...words, "--ip", hostname, "--port", port], {
    cwd: projectFolder,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    detached: true,
  });
}

async function endWrangler(wrangler: ChildProcess | undefined): Promise<void> {
  if (wrangler === undefined || wrangler.exitCode !== null || wrangler.signalCode !== null) return;
  const exited = once(wrangler, "exit");
  wrangler.kill("SIGTERM");
  await exited;
}

/** wrangler runs no cron by itself; while it reloads, it does not answer either. */
async function repeatSweep(api: string, intervalMs: number): Promise<void> {
  for (;;) {
    await fetch(`${api}/cdn-cgi/local/scheduled`).then(
      (response) => response.body?.cancel(),
      () => undefined,
    );
    await sleep(intervalMs);
  }
}

await develop().then(() => process.exit(0), explainAndExit);
