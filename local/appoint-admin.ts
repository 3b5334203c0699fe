import { explainAndExit } from "./terminal.ts";
import { forgetFactors } from "./forget-factors.ts";
import { makeAdmin } from "./make-admin.ts";
import { choosePorts } from "./ports.ts";
import { localDatabaseUrl } from "./stack-plan.ts";
import { readStackSettings } from "./stack-settings.ts";

/**
 * `npm run admin -- email`: makes an account of DATABASE_URL's shop an admin; without it, of the local shop. With
 * `--forget-factors` also takes away the second factors that an owner has lost.
 */
async function appointAdmin([email, option]: readonly string[]): Promise<void> {
  if (email === undefined) throw new Error("Whom? Use: npm run admin -- somebody@example.com");
  const { apiPort, servicesPort } = readStackSettings(process.env);
  const ports = await choosePorts({ api: apiPort, services: servicesPort });
  const databaseUrl = process.env["DATABASE_URL"] ?? localDatabaseUrl(ports.postgres);
  if (option !== undefined && option !== "--forget-factors") throw new Error(`There is no option ${option}.`);
  await makeAdmin(databaseUrl, email);
  if (option !== undefined) await forgetFactors(databaseUrl, email);
  console.log(`${email} is an admin now; sign in anew to use it, and set up a second factor.`);
}

await appointAdmin(process.argv.slice(2)).catch(explainAndExit);
