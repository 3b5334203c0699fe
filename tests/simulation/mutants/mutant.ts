/** A seeded bug: a piece of one production file and what takes its place while the simulator loads it. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly search: string;
  readonly replacement: string;
};

/** @throws Error when the piece is not there exactly once: the code has moved on, and so must the mutant. */
export function mutate({ name, file, search, replacement }: Mutant, source: string): string {
  const pieces = source.split(search);
  if (pieces.length !== 2)
    throw new Error(`mutant "${name}" finds its piece ${pieces.length - 1} times in ${file}`);
  return pieces.join(replacement);
}
