import { choosePorts } from "./ports.ts";
import { localDatabaseUrl } from "./stack-plan.ts";
import { readStackSettings } from "./stack-settings.ts";

/** The database that a command is about: that of DATABASE_URL, or else of the local shop. */
export async function shopDatabaseUrl(): Promise<string> {
  const given = process.env["DATABASE_URL"];
  if (given !== undefined && given !== "") return given;
  const { apiPort, servicesPort } = readStackSettings(process.env);
  const ports = await choosePorts({ api: apiPort, services: servicesPort });
  return localDatabaseUrl(ports.postgres);
}
