/** What is measured: one name, one meaning, and a value for each set of labels. */
export type Metric = {
  readonly name: `tradewind_${string}`;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly samples: readonly Sample[];
};

type Sample = { readonly value: number; readonly labels?: Readonly<Record<string, string>> };

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus' text format, version 0.0.4. A metric without a sample is left out. */
export function expositionOf(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, kind, samples }) =>
      [
        `# HELP ${name} ${escaped(help)}\n`,
        `# TYPE ${name} ${kind}\n`,
        ...samples.map(({ value, labels = {} }) => `${name}${labelsOf(labels)} ${value}\n`),
      ].join(""),
    )
    .join("");
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
