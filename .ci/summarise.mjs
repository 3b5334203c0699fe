import { readFileSync } from "node:fs";
import { relative } from "node:path";

const reasonCharactersMax = 200;

/**
 * Prints how many tests passed, failed and were skipped, as vitest's JSON report counts them; a file that did not run is
 * one that failed. Tests that needed a second attempt are named with what went wrong in the first: a report keeps the
 * failures of those that passed in the end.
 */
const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
  readFileSync(process.argv[2], "utf8"),
);
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed"),
);
const secondAttempts = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter((test) => test.status === "passed" && test.failureMessages.length > 0)
    .map((test) => {
      const words = [relative("", name), ...test.ancestorTitles, test.title].filter((word) => word !== "");
      const [reason] = test.failureMessages[0].split("\n");
      return `${words.join(" > ")} (${reason.slice(0, reasonCharactersMax)})`;
    }),
);
if (secondAttempts.length > 0) {
  const tests = secondAttempts.length === 1 ? "1 test" : `${secondAttempts.length} tests`;
  process.stdout.write(`\n${tests} passed only at the second attempt: ${secondAttempts.join("; ")}\n`);
}
process.stdout.write(
  `\n${numPassedTests} passed, ${numFailedTests + brokenFiles.length} failed, ${numPendingTests} skipped\n`,
);
