import {
  ApiError,
  type ApiResponse,
  Client,
  Environment,
  type OAuthToken,
  OrdersController,
  PaymentsController,
  TransactionSearchController,
} from "@paypal/paypal-server-sdk";
import { z } from "zod";
import { fetchWithin } from "./fetch.ts";
import type { PaymentParty } from "./payment-gateway.ts";
import { modeOfPaypalUrl } from "./paypal-claims.ts";

export type PaypalSettings = {
  clientId: string;
  clientSecret: string;
  /** PayPal's id of the account that the client belongs to, and that all payments are for. */
  merchantId: string;
  /** Base URL of the API, such as the sandbox's; undefined for PayPal's own. */
  apiUrl: string | undefined;
};

type PaypalApi = {
  readonly orders: OrdersController;
  readonly payments: PaymentsController;
  readonly reports: TransactionSearchController;
};

export type Paypal = {
  readonly party: PaymentParty;
  /**
   * Asks PayPal, with a fresh access token when the one at hand is no longer taken.
   * Faults: ApiError for every answer that is no success, PaypalSilence when there was none.
   */
  readonly ask: <Answer>(request: (api: PaypalApi) => Promise<ApiResponse<Answer>>) => Promise<Answer>;
  /** Reads what PayPal's client does not know, such as disputes. The same faults. */
  readonly read: (path: string, query: Readonly<Record<string, string>>) => Promise<unknown>;
};

/** No answer came: whether PayPal did what it was asked is unknown. */
export class PaypalSilence extends Error {
  constructor(cause: unknown) {
    super("PayPal gave no answer.", { cause });
    this.name = "PaypalSilence";
  }
}

export const paypalApiUrl = "https://api-m.paypal.com";

const requestDeadlineMs = 20_000;

export function createPaypal(settings: PaypalSettings): Paypal {
  let token: OAuthToken | undefined;
  // A client shares the promise of its token among all its calls: in a Worker that would tie one request to another,
  // and one failure to get a token would be the answer to every later call. So each call has a client of its own.
  const connectAnew = () =>
    connect(settings, {
      ...(token === undefined ? {} : { oAuthToken: token }),
      oAuthOnTokenUpdate: (issued) => {
        token = issued;
      },
    });
  const withToken = async <Answer>(request: (client: Client) => Promise<Answer>): Promise<Answer> => {
    try {
      return await request(connectAnew());
    } catch (error) {
      // A token may be revoked before its time.
      if (!(error instanceof ApiError) || error.statusCode !== 401 || token === undefined) throw error;
      token = undefined;
      return request(connectAnew());
    }
  };
  const { apiUrl, merchantId } = settings;
  return {
    // A server that is neither PayPal's own nor its sandbox moves no money.
    party: { mode: modeOfPaypalUrl(apiUrl ?? paypalApiUrl) ?? "test", account: merchantId },
    ask: (request) => withToken(async (client) => (await request(apiOf(client))).result),
    read: (path, query) =>
      withToken(async (client) => {
        const reading = client.getRequestBuilderFactory()("GET", path);
        for (const [name, value] of Object.entries(query)) reading.query(name, value);
        reading.authenticate([{ oauth2: true }]);
        const { body } = await reading.callAsText();
        const answer: unknown = JSON.parse(z.string().parse(body));
        return answer;
      }),
  };
}

function apiOf(client: Client): PaypalApi {
  return {
    orders: new OrdersController(client),
    payments: new PaymentsController(client),
    reports: new TransactionSearchController(client),
  };
}

type TokenKeeping = { oAuthToken?: OAuthToken; oAuthOnTokenUpdate: (token: OAuthToken) => void };

/** Seconds before a token's end from which on a new one is fetched. */
const tokenEndSeconds = 60;

function connect({ clientId, clientSecret, apiUrl }: PaypalSettings, keeping: TokenKeeping): Client {
  return new Client({
    environment: Environment.Production,
    clientCredentialsAuthCredentials: {
      oAuthClientId: clientId,
      oAuthClientSecret: clientSecret,
      oAuthClockSkew: tokenEndSeconds,
      ...keeping,
    },
    unstable_httpClientOptions: { adapter: fetchAt(apiUrl ?? paypalApiUrl) },
  });
}

/** The part of a request that PayPal's client hands to its transport, and of the answer that it wants back. */
type TransportRequest = {
  readonly url: string;
  readonly method: string;
  readonly headers: { toJSON: () => Record<string, string> };
  readonly data?: string;
};
type TransportAnswer = {
  status: number;
  statusText: string;
  headers: Record<string, string>;
  data: string;
  config: TransportRequest;
};

/** PayPal's client knows two addresses only and speaks through Node's sockets; this is its way to any other, by fetch. */
function fetchAt(apiUrl: string) {
  const send = fetchWithin({ origins: [apiUrl], deadlineMs: requestDeadlineMs });
  return async (request: TransportRequest): Promise<TransportAnswer> => {
    const { pathname, search } = new URL(request.url);
    try {
      const response = await send(new URL(pathname + search, apiUrl), {
        // In capitals: fetch corrects the case of every method but PATCH.
        method: request.method.toUpperCase(),
        headers: request.headers.toJSON(),
        ...(request.data === undefined ? {} : { body: request.data }),
      });
      return {
        status: response.status,
        statusText: response.statusText,
        headers: Object.fromEntries(response.headers),
        data: await response.text(),
        config: request,
      };
    } catch (error) {
      throw new PaypalSilence(error);
    }
  };
}
