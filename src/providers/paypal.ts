import {
  ApiError,
  type ApiResponse,
  Client,
  Environment,
  OrdersController,
  PaymentsController,
} from "@paypal/paypal-server-sdk";

export type PaypalSettings = {
  clientId: string;
  clientSecret: string;
  /** Base URL of the API, such as the sandbox's; undefined for PayPal's own. */
  apiUrl: string | undefined;
};

type PaypalApi = { readonly orders: OrdersController; readonly payments: PaymentsController };

export type Paypal = {
  /**
   * Asks PayPal, with a fresh access token when the one at hand is no longer taken.
   * Faults: ApiError for every answer that is no success, PaypalSilence when there was none.
   */
  readonly ask: <Answer>(request: (api: PaypalApi) => Promise<ApiResponse<Answer>>) => Promise<Answer>;
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
  let api = connect(settings);
  const ask: Paypal["ask"] = async (request) => {
    const asked = api;
    try {
      return (await request(asked)).result;
    } catch (error) {
      if (!(error instanceof ApiError) || error.statusCode !== 401) throw error;
      // The client holds on to its token until the time that it was issued for, even if it was revoked since.
      if (api === asked) api = connect(settings);
      return (await request(api)).result;
    }
  };
  return { ask };
}

function connect({ clientId, clientSecret, apiUrl }: PaypalSettings): PaypalApi {
  const client = new Client({
    environment: Environment.Production,
    clientCredentialsAuthCredentials: { oAuthClientId: clientId, oAuthClientSecret: clientSecret },
    unstable_httpClientOptions: { adapter: fetchAt(apiUrl ?? paypalApiUrl) },
  });
  return { orders: new OrdersController(client), payments: new PaymentsController(client) };
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
  return async (request: TransportRequest): Promise<TransportAnswer> => {
    const { pathname, search } = new URL(request.url);
    try {
      const response = await fetch(new URL(pathname + search, apiUrl), {
        // In capitals: fetch corrects the case of every method but PATCH.
        method: request.method.toUpperCase(),
        headers: request.headers.toJSON(),
        ...(request.data === undefined ? {} : { body: request.data }),
        redirect: "manual",
        signal: AbortSignal.timeout(requestDeadlineMs),
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
