import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const root = join(import.meta.dirname, "..");

/** What the project's folder holds that is ours, as the design has it; files have no slash. */
const sourceFolders = ["src", "durable-objects", "search-sync"];
const ourFolders = new Set([...sourceFolders, "migrations", "local", "tests", "k6", "docs", "bench"]);
const foldersOfSrc = new Set(["core", "providers", "platform", "events", "http", "features"]);

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*\.ts$/;

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function foldersIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

const foldersThere = foldersIn(".");
const workerFiles = sourceFolders.filter((folder) => foldersThere.includes(folder)).flatMap(filesUnder);
const ourFiles = [...workerFiles, ...filesUnder("local"), ...filesUnder("tests")];

describe("folders and files", () => {
  test("every top-level folder is one of the design", () => {
    const made = new Set(["node_modules", "dist", "coverage"]);
    const ours = foldersThere.filter((name) => !name.startsWith(".") && !made.has(name));
    expect(ours.filter((name) => !ourFolders.has(name))).toEqual([]);
  });

  test("every folder of src is one of the design", () => {
    expect(foldersIn("src").filter((name) => !foldersOfSrc.has(name))).toEqual([]);
  });

  test("every file of a feature is TypeScript named in kebab-case", () => {
    const names = filesUnder("src/features").map((file) => file.split("/").slice(3).join("/"));
    expect(names.filter((name) => !kebabCase.test(name))).toEqual([]);
  });

  test("no file is named index or utils", () => {
    expect(ourFiles.filter((file) => /\/(index|utils?)\.\w+$/.test(file))).toEqual([]);
  });

  test("nothing that is deployed imports the local stack or the tests", () => {
    const forbidden = /from "(#local\/|[^"]*\/local\/|[^"]*\/tests\/)/;
    expect(workerFiles.filter((file) => forbidden.test(textOf(file)))).toEqual([]);
  });
});

test("only src/providers/fetch.ts calls fetch, so that nothing goes where somebody else points", () => {
  const calling = /(?<![\w.#]|async |function )fetch\(|globalThis\.fetch|self\.fetch/;
  // A page's own script fetches in the visitor's browser.
  const isScriptOfPage = (file: string) => file === "src/features/operations/docs-script.ts";
  const callers = workerFiles.filter((file) => calling.test(textOf(file)) && !isScriptOfPage(file));
  expect(callers.filter((file) => !textOf(file).includes("override async fetch("))).toEqual([
    "src/providers/fetch.ts",
  ]);
});

function exportedObjectClasses(): (string | undefined)[] {
  const exports = textOf("src/worker.ts").matchAll(/^export \{ (\w+) \} from "#durable-objects/gm);
  return [...exports].map(([, name]) => name);
}

const environments = [undefined, ...environmentNames()];

function environmentNames(): string[] {
  const headers = textOf("wrangler.toml").matchAll(/^\[+env\.(\w+)/gm);
  return [...new Set([...headers].map(([, name]) => z.string().parse(name)))];
}

function configOf(environment: string | undefined) {
  const config = readConfig({ config: join(root, "wrangler.toml"), env: environment });
  return WranglerConfig.parse(config);
}

const WranglerConfig = z.object({
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
  migrations: z.array(z.object({ tag: z.string(), new_sqlite_classes: z.array(z.string()).optional() })),
  vars: z.record(z.string(), z.string()),
  triggers: z.object({ crons: z.array(z.string()).optional() }),
});

describe.each(environments)("wrangler.toml, environment %s", (environment) => {
  const config = configOf(environment);
  const exportedClasses = new Set(exportedObjectClasses());

  test("binds exactly the Durable Object classes that the Worker exports", () => {
    const bound = config.durable_objects.bindings.map((binding) => binding.class_name);
    expect(new Set(bound)).toEqual(exportedClasses);
  });

  test("gives every Durable Object class SQLite storage", () => {
    const withStorage = config.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []);
    expect(new Set(withStorage)).toEqual(exportedClasses);
  });

  test("sets the same vars and runs the same schedule as the other environments", () => {
    expect(new Set(Object.keys(config.vars))).toEqual(new Set(Object.keys(configOf(undefined).vars)));
    expect(config.triggers).toEqual(configOf(undefined).triggers);
  });
});

test("no migration number is given twice", () => {
  const numbers = readdirSync(join(root, "migrations")).map((name) => name.slice(0, 4));
  expect(numbers.filter((number, position) => numbers.indexOf(number) !== position)).toEqual([]);
});
