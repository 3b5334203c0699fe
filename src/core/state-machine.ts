/** A transition table: for each state, the event that leaves it and the state that it leads to. */
export type TransitionTable<State extends string, Event extends string> = {
  readonly [From in State]: { readonly [On in Event]?: State };
};

/** The state that follows, or undefined when the table has no such transition. */
export function nextState<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
  from: State,
  event: Event,
): State | undefined {
  return table[from][event];
}

/** Every state that can be reached from the given one, itself included. */
export function reachableStates<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
  initial: State,
): Set<State> {
  const reached = new Set<State>([initial]);
  for (const state of reached) {
    for (const target of Object.values<State | undefined>(table[state])) if (target) reached.add(target);
  }
  return reached;
}
