import { html, raw } from "hono/html";
import { permissions } from "#core/permissions";
import type { DescribedError, Limit } from "./describe-api.ts";
import { ApiDocument, type OperationGroup, groupOperations } from "./docs-model.ts";
import { breakable, renderOperation } from "./docs-operation.ts";
import type { Html } from "./docs-schema.ts";
import { docsScript } from "./docs-script.ts";
import { docsStyle } from "./docs-style.ts";

export type DocsPage = { html: string; contentSecurityPolicy: string };

type Reference = { errors: readonly DescribedError[]; limits: readonly Limit[] };

/** The API's description as a page of its own, which loads nothing and runs only its own script. */
export async function renderDocs(openApiDocument: unknown, reference: Reference): Promise<DocsPage> {
  const document = ApiDocument.parse(openApiDocument);
  const groups = groupOperations(document);
  const { title, version } = document.info;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${raw(`<style>${docsStyle}</style>`)}
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <div class="layout">
          ${renderContents(groups)}
          <main id="content">
            <h1>${title}</h1>
            <p class="lead">
              Version ${version}, described by <a href="/openapi.json">openapi.json</a>. Errors are problem
              documents (RFC 9457): branch on <code>code</code>. Repeat a write with the same
              <code>Idempotency-Key</code> and it takes effect once. Amounts are in minor units.
            </p>
            ${renderSession()}
            ${groups.map(
              (group) =>
                html`<section aria-labelledby="${group.anchor}">
                  <h2 id="${group.anchor}">${group.name}</h2>
                  <p class="lead">${group.description}</p>
                  ${group.operations.map((operation) => renderOperation(document, operation))}
                </section>`,
            )}
            ${renderPermissions()} ${renderErrors(reference.errors)} ${renderLimits(reference.limits)}
          </main>
        </div>
        ${raw(`<script>${docsScript}</script>`)}
      </body>
    </html>`;
  return { html: String(await page), contentSecurityPolicy: await policy() };
}

function renderContents(groups: readonly OperationGroup[]): Html {
  return html`<nav aria-label="Contents">
    <details open>
      <summary>Contents</summary>
      <div class="filter">
        <label for="filter">Filter</label>
        <input id="filter" type="search" autocomplete="off" />
      </div>
      ${groups.map(
        ({ name, operations }) =>
          html`<section>
            <h2>${name}</h2>
            <ul>
              ${operations.map(
                ({ method, path, anchor }) =>
                  html`<li>
                    <a href="#${anchor}"
                      ><span class="method ${method}">${method.toUpperCase()}</span>
                      <span class="path">${breakable(path)}</span></a
                    >
                  </li>`,
              )}
            </ul>
          </section>`,
      )}
      <section>
        <h2>Reference</h2>
        <ul>
          <li><a href="#permissions">Permissions</a></li>
          <li><a href="#errors">Error codes</a></li>
          <li><a href="#limits">Limits</a></li>
        </ul>
      </section>
    </details>
  </nav>`;
}

function renderSession(): Html {
  return html`<section class="session" aria-label="Tokens for the forms">
    <label for="access-token">Access token</label>
    <input
      id="access-token"
      autocomplete="off"
      spellcheck="false"
      placeholder="Signing in below fills this in"
    />
    <label for="cart-token">Cart token</label>
    <input
      id="cart-token"
      autocomplete="off"
      spellcheck="false"
      placeholder="Adding to a guest's cart fills this in"
    />
  </section>`;
}

function renderPermissions(): Html {
  return html`<section>
    <h2 id="permissions">Permissions</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="permissions">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Lets staff and API keys</th>
          </tr>
        </thead>
        <tbody>
          ${Object.entries(permissions).map(
            ([name, meaning]) =>
              html`<tr>
                <td><code>${name}</code></td>
                <td>${meaning}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderErrors(errors: readonly DescribedError[]): Html {
  return html`<section>
    <h2 id="errors">Error codes</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="errors">
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">Meaning</th>
            <th scope="col">Retry</th>
          </tr>
        </thead>
        <tbody>
          ${errors.map(
            ({ code, status, title, retryable }) =>
              html`<tr>
                <td><code>${code}</code></td>
                <td>${status}</td>
                <td>${title}</td>
                <td>${retryable ? "yes" : "no"}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderLimits(limits: readonly Limit[]): Html {
  return html`<section>
    <h2 id="limits">Limits</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="limits">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Limit</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${limits.map(
            ({ name, value, unit, meaning }) =>
              html`<tr>
                <td><code>${name}</code></td>
                <td>${value} ${unit}</td>
                <td>${meaning}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

async function policy(): Promise<string> {
  const [script, style] = await Promise.all([hashSource(docsScript), hashSource(docsStyle)]);
  return [
    "default-src 'none'",
    `script-src ${script}`,
    `style-src ${style}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

async function hashSource(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}
