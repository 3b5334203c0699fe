import { SourceMap } from "node:module";
import { z } from "zod";
import type { CpuProfile } from "./inspector.ts";

const TOP_FUNCTIONS = 30;
const TOP_SOURCES = 20;

/** V8's names for time in which no JavaScript of the Worker ran. */
const IDLE = new Set(["(idle)", "(root)"]);

type Share = { name: string; ms: number };

/** Where the processor's time of one isolate went. */
export type ProfileSummary = {
  /** Of the Worker's JavaScript, the collector and V8's own work, in milliseconds. */
  busyMs: number;
  idleMs: number;
  /** By function, without what it called; the most first. */
  bySelf: Share[];
  /** The same by package, and by feature or layer of our own. */
  bySource: Share[];
  /** Functions of our own, together with everything that they called at once. */
  byTotal: Share[];
};

type Node = CpuProfile["nodes"][number];
type Place = { name: string; source: string };

export function summariseProfile(profile: CpuProfile, sourceMap: string): ProfileSummary {
  const locate = createLocator(sourceMap);
  const places = new Map(profile.nodes.map((node) => [node.id, locate(node.callFrame)]));
  const placeOf = (id: number): Place => places.get(id) ?? { name: "(unknown)", source: "" };
  const selfMs = selfTimes(profile);
  const busy = profile.nodes.filter(({ callFrame }) => !IDLE.has(callFrame.functionName));
  const msOf = (nodes: readonly Node[]): number =>
    nodes.reduce((sum, { id }) => sum + (selfMs.get(id) ?? 0), 0);
  const busyMs = msOf(busy);
  return {
    busyMs,
    idleMs: [...selfMs.values()].reduce((sum, ms) => sum + ms, 0) - busyMs,
    bySelf: sharesOf(busy, (node) => describePlace(placeOf(node.id)), msOf).slice(0, TOP_FUNCTIONS),
    bySource: sharesOf(busy, (node) => groupOf(placeOf(node.id)), msOf).slice(0, TOP_SOURCES),
    byTotal: totalTimes(profile.nodes, { selfMs, placeOf }).slice(0, TOP_FUNCTIONS),
  };
}

/** The summary as lines for the terminal, divided by the operations that were made meanwhile. */
export function describeProfile(summary: ProfileSummary, operations: number): string {
  const { busyMs, idleMs, bySelf, bySource, byTotal } = summary;
  const table = (title: string, shares: readonly Share[]): string[] => [
    `  ${title}`,
    ...shares.map(({ name, ms }) => {
      const share = ((ms / busyMs) * 100).toFixed(1).padStart(5);
      return `  ${(ms / operations).toFixed(2).padStart(8)} ms ${share} %  ${name}`;
    }),
    "",
  ];
  const used = (busyMs / operations).toFixed(2);
  const busyShare = ((busyMs / (busyMs + idleMs)) * 100).toFixed(0);
  return [
    `  ${operations} operations, ${used} ms each in the Worker's isolate, which was busy for ${busyShare} % of the time`,
    "",
    ...table("by package and layer, self time", bySource),
    ...table("by function, self time", bySelf),
    ...table("our own functions, with what they called before they first waited", byTotal),
  ].join("\n");
}

/** A sample stands for the time that passed since the one before it. */
function selfTimes({ samples, timeDeltas }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries())
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  return times;
}

function sharesOf(
  nodes: readonly Node[],
  nameOf: (node: Node) => string,
  msOf: (nodes: readonly Node[]) => number,
): Share[] {
  const groups = [...Map.groupBy(nodes, nameOf)].map(([name, group]) => ({ name, ms: msOf(group) }));
  return groups.filter(({ ms }) => ms > 0).sort((one, other) => other.ms - one.ms);
}

type Timed = { selfMs: ReadonlyMap<number, number>; placeOf: (id: number) => Place };

/** A function that calls itself is counted once a sample. */
function totalTimes(nodes: readonly Node[], { selfMs, placeOf }: Timed): Share[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const totals = new Map<string, number>();
  const visit = (node: Node, callers: ReadonlySet<string>): void => {
    const place = placeOf(node.id);
    const within = isOurs(place) ? new Set([...callers, describePlace(place)]) : callers;
    const ms = selfMs.get(node.id) ?? 0;
    if (ms > 0) for (const name of within) totals.set(name, (totals.get(name) ?? 0) + ms);
    for (const child of node.children) {
      const called = byId.get(child);
      if (called !== undefined) visit(called, within);
    }
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, new Set());
  return [...totals].map(([name, ms]) => ({ name, ms })).sort((one, other) => other.ms - one.ms);
}

const Entry = z.object({
  originalSource: z.string(),
  /** What the place was called before the bundle was made small. */
  name: z.string().optional(),
});

/** Finds what a place of the bundle was made from; what is V8's or workerd's own has no source. */
function createLocator(sourceMap: string): (frame: Node["callFrame"]) => Place {
  const map = new SourceMap(JSON.parse(sourceMap));
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const shortName = functionName === "" ? "(anonymous)" : functionName;
    if (!url.includes("worker.js")) return { name: shortName, source: "" };
    const { data: entry } = Entry.safeParse(map.findEntry(lineNumber, columnNumber));
    if (entry === undefined) return { name: shortName, source: "" };
    return { name: entry.name ?? shortName, source: shorten(entry.originalSource) };
  };
}

/** Sources are named from the folder of the bundle, which lies below node_modules. */
function shorten(source: string): string {
  return source.replace(/^(?:.*node_modules\/|(?:\.\.\/)+)/, "");
}

function isOurs({ source }: Place): boolean {
  return /^(?:src|durable-objects|search-sync)\//.test(source);
}

function describePlace({ name, source }: Place): string {
  return source === "" ? name : `${name}  ${source}`;
}

function groupOf(place: Place): string {
  const { name, source } = place;
  if (source === "") return name.startsWith("(") ? name : "workerd and V8";
  const folders = source.split("/");
  return folders.slice(0, isOurs(place) || source.startsWith("@") ? 2 : 1).join("/");
}
