import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody, sendJson } from "../http-server.ts";
import { sendPage } from "../page.ts";
import { LOGIN_FORM_TARGETS, renderLogin } from "./login-page.ts";
import { type People, type Person, numberOf } from "./people.ts";

const FORM_BYTES_MAX = 16 * 1024;

type Code = { person: Person; redirectUri: string; challenge: string | null };

export type GithubOptions = { clientId: string; clientSecret: string; redirectUri: string; people: People };

/** GitHub's OAuth endpoints and the two of its API that say who somebody is; paths come without the prefix. */
export function createGithub({ clientId, clientSecret, redirectUri, people }: GithubOptions) {
  const codes = new Map<string, Code>();
  const tokens = new Map<string, Person>();

  const authorize = async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const asked = url.searchParams;
    if (asked.get("client_id") !== clientId || asked.get("redirect_uri") !== redirectUri)
      return sendJson(response, 404, { message: "Not Found" });
    if (request.method !== "POST")
      return sendPage(response, 200, {
        ...renderLogin("Local GitHub", people.list()),
        formTargets: LOGIN_FORM_TARGETS,
      });
    const form = new URLSearchParams((await readBody(request, FORM_BYTES_MAX)).toString("utf8"));
    const person = form.has("cancel") ? undefined : people.fromForm(form);
    const target = new URL(redirectUri);
    target.searchParams.set("state", asked.get("state") ?? "");
    if (person === undefined) target.searchParams.set("error", "access_denied");
    else {
      const code = randomUUID();
      codes.set(code, { person, redirectUri, challenge: asked.get("code_challenge") });
      target.searchParams.set("code", code);
    }
    response.writeHead(302, { location: target.href }).end();
  };

  const exchange = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams((await readBody(request, FORM_BYTES_MAX)).toString("utf8"));
    const refuse = (error: string) => sendJson(response, 200, { error });
    if (form.get("client_id") !== clientId || form.get("client_secret") !== clientSecret)
      return refuse("incorrect_client_credentials");
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    if (code === undefined || !isVerified(code, form)) return refuse("bad_verification_code");
    const token = `gho_${randomUUID()}`;
    tokens.set(token, code.person);
    sendJson(response, 200, { access_token: token, token_type: "bearer", scope: "read:user,user:email" });
  };

  const show = (request: IncomingMessage, response: ServerResponse, view: (person: Person) => unknown) => {
    const person = tokens.get((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    if (person === undefined) return sendJson(response, 401, { message: "Bad credentials" });
    sendJson(response, 200, view(person));
  };

  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    switch (url.pathname) {
      case "/login/oauth/authorize":
        return authorize(request, response, url);
      case "/login/oauth/access_token":
        return exchange(request, response);
      case "/user":
        return show(request, response, (person) => ({
          id: numberOf(person),
          login: person.subject,
          name: person.name,
        }));
      case "/user/emails":
        return show(request, response, ({ email, emailVerified, subject }) => [
          { email: `${subject}@users.noreply.github.example`, primary: false, verified: true },
          { email, primary: true, verified: emailVerified },
        ]);
      default:
        return sendJson(response, 404, { message: "Not Found" });
    }
  };
}

function isVerified({ challenge, redirectUri }: Code, form: URLSearchParams): boolean {
  const made = createHash("sha256")
    .update(form.get("code_verifier") ?? "")
    .digest("base64url");
  return form.get("redirect_uri") === redirectUri && (challenge === null || challenge === made);
}
