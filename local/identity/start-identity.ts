import type { IncomingMessage, ServerResponse } from "node:http";
import { close, createHttpServer, listen } from "../http-server.ts";
import type { RunningService, ServiceOptions } from "../service.ts";
import { createContraryIssuer } from "./contrary-issuer.ts";
import { createGithub } from "./github.ts";
import { createOpenidIssuer } from "./openid-issuer.ts";
import { gatherPeople } from "./people.ts";
import { keepSigningKeys } from "./signing-keys.ts";

export type IdentityOptions = ServiceOptions & {
  clientId: string;
  clientSecret: string;
  /** Where the shop takes browsers back, by the provider's name. */
  callbackUrl: { openid: string; github: string };
};

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** Providers to sign in at: an OpenID issuer at the root, one like GitHub under /github, and a contrary one. */
export async function startIdentity(options: IdentityOptions): Promise<RunningService> {
  const { clientId, clientSecret, callbackUrl, log } = options;
  const keys = await keepSigningKeys(options.stateFolder);
  const people = gatherPeople();
  // Filled once it is known where the issuers are.
  const answers = new Map<string, Answer>();
  const server = createHttpServer({
    log,
    answer: async (request, response) => {
      const url = new URL(request.url ?? "/", "http://identity.local");
      const prefix = ["/github", "/contrary"].find((each) => url.pathname.startsWith(`${each}/`)) ?? "";
      url.pathname = url.pathname.slice(prefix.length);
      await answers.get(prefix)?.(request, response, url);
    },
  });
  const url = await listen(server, options.port);
  const openid = {
    clientId,
    clientSecret,
    redirectUris: [callbackUrl.openid],
    key: keys.issuer,
    people,
  };
  answers.set("/github", createGithub({ clientId, clientSecret, redirectUri: callbackUrl.github, people }));
  answers.set("/contrary", createContraryIssuer(`${url}/contrary`, { clientId, keys }));
  answers.set("", createOpenidIssuer({ url, ...openid }));
  log(`Identity at ${url}: an OpenID issuer with people to be, and a GitHub under /github`);
  return { url, stop: () => close(server) };
}
