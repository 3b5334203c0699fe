import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { choosePorts } from "../ports.ts";
import { startBareWorkerd, type BareWorkerd } from "./bare-workerd.ts";
import type { Call, Exchange } from "./connection.ts";
import type { Performer } from "./load.ts";

/**
 * Answers `/1234` with 1,234 bytes that it made before, once it has read what was sent; `/1234/NAME` once what was sent
 * is kept in the object of this name, which makes its table with its first write.
 */
const WORKER = `import { DurableObject } from "cloudflare:workers";
export class Kept extends DurableObject {
  keep(state) {
    const { sql } = this.ctx.storage;
    sql.exec("create table if not exists kept (id integer primary key, state text not null)");
    sql.exec("insert or replace into kept values (1, ?)", state);
  }
}
const answers = new Map();
export default {
  async fetch(request, { KEPT }) {
    const [, bytes, name] = new URL(request.url).pathname.split("/");
    const size = Number(bytes);
    if (name !== undefined) await KEPT.get(KEPT.idFromName(name)).keep(await request.text());
    else if (request.method === "POST") await request.arrayBuffer();
    let answer = answers.get(size);
    if (answer === undefined) answers.set(size, (answer = new Uint8Array(size).fill(32)));
    return new Response(answer, { headers: { "content-type": "application/json" } });
  },
};
`;

type CeilingPlan = { folder: string; compatibilityDate: string };

/** The least that workerd needs for any answer, and for any object's write: what the application is read beside. */
export async function startCeiling({ folder, compatibilityDate }: CeilingPlan): Promise<BareWorkerd> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "ceiling.js"), WORKER);
  const { api: port, postgres: sweepPort } = await choosePorts({ api: 0, services: 0 });
  const plan = {
    port,
    bundle: "ceiling.js",
    compatibilityDate,
    compatibilityFlags: [],
    settings: {},
    durableObjects: { KEPT: "Kept" },
    objectStorage: { folder: join(folder, "objects"), sweepPort },
  };
  return startBareWorkerd({ folder, plan, readyPath: "/2" });
}

/** The same numbers of requests and bytes as the operations had, one after the other. */
export function repeatShapes(shapes: readonly Exchange[][]): Performer {
  const nextShape = inTurn(shapes);
  return (connection) => async () => {
    for (const exchange of nextShape()) await connection.send(callLike(exchange));
  };
}

/** The same bytes in as many requests, each of them an object's write; so many writes come to one object. */
export function repeatAsObjectWrites(shapes: readonly Exchange[][], writesPerObject: number): Performer {
  const nextShape = inTurn(shapes);
  return (connection) => {
    let writes = 0;
    let name = "";
    return async () => {
      for (const exchange of nextShape()) {
        if (writes % writesPerObject === 0) name = randomUUID();
        writes += 1;
        const { path, ...call } = callLike(exchange);
        await connection.send({ ...call, path: `${path}/${name}` });
      }
    };
  };
}

/** Asks a bare Worker for as many bytes, with as many. */
export function callLike({ method, requestBytes, answerBytes }: Exchange): Call {
  return { method, path: `/${answerBytes}`, ...(method === "POST" ? { json: jsonOf(requestBytes) } : {}) };
}

export function inTurn(shapes: readonly Exchange[][]): () => readonly Exchange[] {
  let taken = 0;
  return () => shapes[taken++ % shapes.length] ?? [];
}

/** A text that is as long in JSON. */
function jsonOf(bytes: number): string {
  return "x".repeat(Math.max(0, bytes - 2));
}
