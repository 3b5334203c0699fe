import type { Context } from "#platform/context";

/** The same context, whose calls of payment providers are counted: a run has only so many. */
export function countedCalls(context: Context): { context: Context; calls: () => number } {
  let count = 0;
  const onCall = () => {
    count += 1;
  };
  const { payments, paymentRecords } = context;
  return {
    context: {
      ...context,
      payments: counting(payments, onCall),
      paymentRecords: counting(paymentRecords, onCall),
    },
    calls: () => count,
  };
}

/** By provider, clients whose functions report each call. */
function counting<Clients extends Readonly<Record<string, object>>>(
  clients: Clients,
  onCall: () => void,
): Clients {
  return new Proxy(clients, {
    get(target, name) {
      const client: unknown = Reflect.get(target, name);
      return typeof client === "object" && client !== null ? countingFunctions(client, onCall) : client;
    },
  });
}

function countingFunctions<Client extends object>(client: Client, onCall: () => void): Client {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member === "function") onCall();
      return member;
    },
  });
}
