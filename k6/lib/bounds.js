/** Whatever happens, a scenario ends after this time; its figures are counts, for machines differ in speed. */
const DURATION_MAX = "5m";

/**
 * Options of a scenario whose buyers share a fixed number of iterations; `-e BUYERS=…` and `-e ITERATIONS=…` change
 * them.
 */
export function bounded({ buyers, iterations, thresholds = {} }) {
  return {
    scenarios: {
      buyers: {
        executor: "shared-iterations",
        vus: Math.min(chosen("BUYERS", buyers), chosen("ITERATIONS", iterations)),
        iterations: chosen("ITERATIONS", iterations),
        maxDuration: DURATION_MAX,
      },
    },
    thresholds: { checks: ["rate==1"], http_req_failed: ["rate==0"], ...thresholds },
    summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  };
}

/** A count that the caller may choose. */
export function chosen(name, usual) {
  const count = Number(__ENV[name] || usual);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${name} must be a whole number from 1.`);
  return count;
}
