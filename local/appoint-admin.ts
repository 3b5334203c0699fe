import { explainAndExit } from "./terminal.ts";
import { makeAdmin } from "./make-admin.ts";
import { choosePorts } from "./ports.ts";
import { localDatabaseUrl } from "./stack-plan.ts";
import { readStackSettings } from "./stack-settings.ts";

/** `npm run admin -- email`: makes an account of DATABASE_URL's shop an admin; without it, of the local shop. */
async function appointAdmin(email: string | undefined): Promise<void> {
  if (email === undefined) throw new Error("Whom? Use: npm run admin -- somebody@example.com");
  const { apiPort, servicesPort } = readStackSettings(process.env);
  const ports = await choosePorts({ api: apiPort, services: servicesPort });
  const databaseUrl = process.env["DATABASE_URL"] ?? localDatabaseUrl(ports.postgres);
  await makeAdmin(databaseUrl, email);
  console.log(`${email} is an admin now; sign in anew to use it.`);
}

await appointAdmin(process.argv[2]).catch(explainAndExit);
