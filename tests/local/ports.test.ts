import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { projectFolder } from "#local/project";

const stacks = 40;

/** Chooses ports for many stacks, tells them, and lives on. */
const chooser = `
  import { choosePorts } from "./local/ports.ts";
  const stacks = await Promise.all(Array.from({ length: ${stacks} }, () => choosePorts({ api: 0, services: 0 })));
  console.log(JSON.stringify(stacks.flatMap((ports) => Object.values(ports))));
  setInterval(() => undefined, 1_000);
`;

async function chooseElsewhere(): Promise<number[]> {
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const child = spawn(process.execPath, [...flags, chooser], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  for await (const line of createInterface({ input: child.stdout }))
    return z.array(z.int()).parse(JSON.parse(line));
  throw new Error("no ports were chosen");
}

test("stacks that start at once, in several processes, have no port in common", async () => {
  const chosen = (await Promise.all([chooseElsewhere(), chooseElsewhere()])).flat();
  expect(chosen).toHaveLength(2 * stacks * 12);
  expect(new Set(chosen).size).toBe(chosen.length);
});
