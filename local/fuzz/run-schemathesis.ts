import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { withExamples } from "./examples.ts";
import type { Program } from "./find-schemathesis.ts";
import type { Principal, PrincipalName } from "./principals.ts";

const CONFIGURATION = join(import.meta.dirname, "schemathesis.toml");

/** Whoever sends one of these may be nobody afterwards, so they are asked apart, and last. */
const FAREWELLS = [
  "POST /auth/logout",
  "POST /auth/password/change",
  "POST /auth/email/change",
  "DELETE /auth/sessions",
  "DELETE /auth/sessions/{id}",
  "DELETE /customers/me",
];

const Report = z.object({
  operations: z.object({ tested: z.int() }),
  test_cases: z.object({ generated: z.int() }),
  failures: z.array(
    z.looseObject({ title: z.string(), count: z.int(), operations: z.array(z.string()).default([]) }),
  ),
  errors: z.array(z.unknown()),
});

/** What one run has seen. */
export type Findings = {
  readonly principal: PrincipalName;
  readonly part: Part;
  readonly operations: number;
  readonly cases: number;
  readonly findings: readonly string[];
};

export const parts = ["everything else", "farewells"] as const;
export type Part = (typeof parts)[number];

export type Run = {
  program: Program;
  api: string;
  description: unknown;
  principal: Principal;
  part: Part;
  seconds: number;
  /** Where the description and the report are put. */
  folder: string;
  /** Further words of Schemathesis' own. */
  words: readonly string[];
};

/** Lets Schemathesis ask as one principal. Its own report goes to the terminal. */
export async function runSchemathesis(run: Run): Promise<Findings> {
  const { program, principal, part, folder } = run;
  const name = `${principal.name}-${part.replaceAll(" ", "-")}`;
  const description = join(folder, `${name}.openapi.json`);
  const report = join(folder, `${name}.report.json`);
  await writeFile(description, JSON.stringify(withExamples(run.description, principal.known)));
  const words = [
    ...program.words,
    "--config-file",
    CONFIGURATION,
    "run",
    description,
    ...wordsOf(run, report),
  ];
  const child = spawn(program.command, words, { stdio: "inherit", cwd: folder });
  const [code] = await once(child, "exit");
  const written = await readFile(report, "utf8").catch(() => undefined);
  if (written === undefined) throw new Error(`Schemathesis ended with ${String(code)} and no report.`);
  const { operations, test_cases: cases, failures, errors } = Report.parse(JSON.parse(written));
  return {
    principal: principal.name,
    part,
    operations: operations.tested,
    cases: cases.generated,
    findings: [
      ...failures.map(({ title, count, operations: places }) => `${title} (${count}): ${places.join(", ")}`),
      ...errors.map((error) => `error: ${JSON.stringify(error).slice(0, 300)}`),
    ],
  };
}

function wordsOf({ api, principal, part, seconds, words }: Run, report: string): string[] {
  const headers = Object.entries(principal.headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const filter = part === "farewells" ? "--include-name" : "--exclude-name";
  return [
    `--url=${api}`,
    `--max-time=${seconds}`,
    "--request-timeout=30",
    "--phases=examples,coverage,fuzzing",
    "--continue-on-failure",
    "--warnings=off",
    "--report=json",
    `--report-json-path=${report}`,
    ...FAREWELLS.flatMap((operation) => [filter, operation]),
    ...headers,
    ...words,
  ];
}
