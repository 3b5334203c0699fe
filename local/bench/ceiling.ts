import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBareWorkerd, type BareWorkerd } from "./bare-workerd.ts";
import type { Exchange } from "./connection.ts";
import type { Performer } from "./load.ts";

/** Answers `/1234` with 1,234 bytes that it made before, once it has read what was sent. */
const WORKER = `const answers = new Map();
export default {
  async fetch(request) {
    const size = Number(new URL(request.url).pathname.slice(1));
    if (request.method === "POST") await request.arrayBuffer();
    let answer = answers.get(size);
    if (answer === undefined) answers.set(size, (answer = new Uint8Array(size).fill(32)));
    return new Response(answer, { headers: { "content-type": "application/json" } });
  },
};
`;

type CeilingPlan = { folder: string; port: number; compatibilityDate: string };

/** The least that workerd needs for any answer: what the application is read beside. */
export async function startCeiling({ folder, port, compatibilityDate }: CeilingPlan): Promise<BareWorkerd> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "ceiling.js"), WORKER);
  const plan = {
    port,
    bundle: "ceiling.js",
    compatibilityDate,
    compatibilityFlags: [],
    settings: {},
    durableObjects: {},
  };
  return startBareWorkerd({ folder, plan, readyPath: "/2" });
}

/** The same numbers of requests and bytes as the operations had, one after the other. */
export function repeatShapes(shapes: readonly Exchange[][]): Performer {
  let performed = 0;
  return (connection) => async () => {
    const shape = shapes[performed % shapes.length] ?? [];
    performed += 1;
    for (const { method, requestBytes, answerBytes } of shape) {
      const json = "x".repeat(Math.max(0, requestBytes - 2));
      await connection.send({ method, path: `/${answerBytes}`, ...(method === "POST" ? { json } : {}) });
    }
  };
}
