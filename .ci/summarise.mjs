import { readFileSync } from "node:fs";

/** Prints how many tests passed, failed and were skipped, as vitest's JSON report counts them; a file that did not run is one. */
const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
  readFileSync(process.argv[2], "utf8"),
);
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed"),
);
process.stdout.write(
  `\n${numPassedTests} passed, ${numFailedTests + brokenFiles.length} failed, ${numPendingTests} skipped\n`,
);
