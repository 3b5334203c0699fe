import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { projectFolder } from "../project.ts";
import { ANNOUNCEMENT } from "../stack.ts";
import { readStackSettings } from "../stack-settings.ts";
import { explainAndExit } from "../terminal.ts";

/** `npm run load -- browse`: a scenario of k6 against the local stack that is running; further words are k6's own. */

const SCENARIOS = join(projectFolder, "k6");

const MISSING = `k6 is not installed. With Go: go install go.k6.io/k6@latest (it then lies in ~/go/bin, which is looked into).
Otherwise see https://grafana.com/docs/k6/latest/set-up/install-k6/.`;

await run(process.argv.slice(2)).then((code) => process.exit(code), explainAndExit);

async function run([scenario, ...words]: readonly string[]): Promise<number> {
  const known = readdirSync(SCENARIOS).flatMap((file) => (file.endsWith(".js") ? [file.slice(0, -3)] : []));
  if (scenario === undefined || !known.includes(scenario))
    throw new Error(
      `Which scenario? Use: npm run load -- ${known.join("|")} [-e BUYERS=10] [-e ITERATIONS=300]`,
    );
  const stackFile = join(readStackSettings(process.env).stateFolder, ANNOUNCEMENT);
  if (!existsSync(stackFile)) throw new Error("No local stack is running: run npm start first.");
  const file = join(SCENARIOS, `${scenario}.js`);
  // Nothing of a run leaves this machine.
  const child = spawn(
    findK6(),
    ["run", "--no-usage-report", "-e", `STACK_FILE=${stackFile}`, ...words, file],
    {
      stdio: "inherit",
    },
  );
  // Ctrl-C reaches k6 too, which ends its run in order; this program reports how.
  process.on("SIGINT", () => undefined);
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 1;
}

function findK6(): string {
  const goFolder = process.env["GOBIN"] ?? join(process.env["GOPATH"] ?? join(homedir(), "go"), "bin");
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), goFolder];
  const found = folders.map((folder) => join(folder, "k6")).find(isExecutable);
  if (found === undefined) throw new Error(MISSING);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
