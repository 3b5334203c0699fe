import { spawn, type ChildProcess } from "node:child_process";
import { PartCommand, type PartReport } from "./part-messages.ts";
import { isPartName, launchers } from "./part-launchers.ts";
import type { RunningService } from "./service.ts";

const STOP_MS_MAX = 15_000;

const [, , name = ""] = process.argv;
if (!isPartName(name)) throw new Error(`There is no part "${name}".`);
const { launch } = launchers[name];

let starting: Promise<RunningService> | undefined;
const guard = guardGroup();

process.on("message", (message) => {
  const command = PartCommand.parse(message);
  if (command.kind === "stop") void end();
  else void begin(command.options);
});
// The orchestrator has gone, of whatever cause: nobody wants this part any more.
process.on("disconnect", () => void end());
// Ctrl-C and the like are the orchestrator's to hear; it stops the parts in order.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => void end());

async function begin(options: unknown): Promise<void> {
  try {
    starting = launch(options, log);
    await starting;
    tell({ kind: "ready" });
  } catch (fault) {
    console.error(fault);
    tell({ kind: "failed", reason: fault instanceof Error ? fault.message : String(fault) });
  }
}

async function end(): Promise<void> {
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  try {
    await (await starting)?.stop();
    guard.stdin?.write("ended\n");
    process.exit(0);
  } catch (fault) {
    console.error(fault);
    process.exit(1);
  }
}

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
  tell({ kind: "log", line });
}

function tell(report: PartReport): void {
  if (process.connected) process.send?.(report);
}

/**
 * Each part leads a process group of its own. When it ends without a word, killed perhaps, the guard's input closes
 * and the guard ends the programs that the part had started, such as workerd, which would keep the port.
 */
function guardGroup(): ChildProcess {
  const script = 'read -r _ || kill -s KILL -- "-$1"';
  const child = spawn("sh", ["-c", script, "sh", String(process.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  return child;
}
