import { html } from "hono/html";
import type { ApiDocument, DescribedOperation, Parameter } from "./docs-model.ts";
import { type Html, exampleOf, inlineCode, renderSchema, typeOf } from "./docs-schema.ts";

/** One operation: what it takes, what it answers, and a form that sends it. */
export function renderOperation(document: ApiDocument, operation: DescribedOperation): Html {
  const { method, path, anchor, summary, description, deprecated } = operation;
  return html`<details class="operation" id="${anchor}">
    <summary>
      <span class="method ${method}">${method.toUpperCase()}</span>
      <span class="path">${breakable(path)}</span>
      <span class="summary">${summary}${deprecated ? " (deprecated)" : ""}</span>
    </summary>
    <div class="body">
      ${renderSecurity(operation)} ${description === undefined ? "" : html`<p>${inlineCode(description)}</p>`}
      ${renderParameters(document, operation.parameters)} ${renderRequestBody(document, operation)}
      ${renderResponses(document, operation)} ${renderForm(document, operation)}
    </div>
  </details>`;
}

/** Long paths may break after a slash. */
export function breakable(path: string): Html {
  return html`${path
    .split("/")
    .slice(1)
    .map((segment) => html`/<wbr />${segment}`)}`;
}

function renderSecurity({ security }: DescribedOperation): Html {
  if (security.length === 0) return html``;
  return html`<p class="security">${inlineCode(security.map(wayIn).join(" or "))}</p>`;
}

/** One of the ways to use an operation, in words. */
function wayIn(requirement: DescribedOperation["security"][number]): string {
  const ways = Object.entries(requirement).map(([scheme, permissions]) =>
    permissions.length === 0
      ? `\`${scheme}\``
      : `\`${scheme}\` with the permission \`${permissions.join(" ")}\``,
  );
  return ways.length === 0 ? "nothing" : ways.join(" and ");
}

function renderParameters(document: ApiDocument, parameters: readonly Parameter[]): Html {
  if (parameters.length === 0) return html``;
  return html`<h3>Parameters</h3>
    <ul class="fields">
      ${parameters.map(
        (parameter) =>
          html`<li>
            <code class="name">${parameter.name}</code>
            <span class="type">${parameter.in}, ${typeOf(document, parameter.schema)}</span>
            ${parameter.required ? html`<span class="required">required</span>` : ""}
            <span class="about"
              >${inlineCode(parameter.description ?? parameter.schema.description ?? "")}</span
            >
          </li>`,
      )}
    </ul>`;
}

function renderRequestBody(document: ApiDocument, { requestBody }: DescribedOperation): Html {
  if (requestBody === undefined) return html``;
  return html`<h3>Body</h3>
    ${Object.entries(requestBody.content).map(
      ([type, { schema = {} }]) =>
        html`<p><code>${type}</code> <span class="type">${typeOf(document, schema)}</span></p>
          ${renderSchema(document, schema)}`,
    )}`;
}

function renderResponses(document: ApiDocument, { responses }: DescribedOperation): Html {
  return html`<h3>Answers</h3>
    <ul class="responses">
      ${Object.entries(responses).map(([status, { description, content }]) => {
        const [type, body] = Object.entries(content)[0] ?? [];
        const isProblem = type === "application/problem+json";
        return html`<li>
          <code class="status s${status.slice(0, 1)}">${status}</code> ${inlineCode(description)}
          ${
            body?.schema === undefined || isProblem
              ? ""
              : html`<details>
                  <summary>${typeOf(document, body.schema)}</summary>
                  ${renderSchema(document, body.schema)}
                </details>`
          }
        </li>`;
      })}
    </ul>`;
}

function renderForm(document: ApiDocument, operation: DescribedOperation): Html {
  const { method, path, anchor, parameters, requestBody } = operation;
  const jsonBody = Object.entries(requestBody?.content ?? {}).find(([type]) => type.endsWith("json"));
  if (requestBody !== undefined && jsonBody === undefined) return html``;
  const [mediaType, { schema = {} } = {}] = jsonBody ?? ["application/json"];
  const body = JSON.stringify(exampleOf(document, schema), undefined, 2);
  return html`<form
    class="try"
    data-method="${method.toUpperCase()}"
    data-path="${path}"
    data-type="${mediaType}"
  >
    <h3>Try it</h3>
    ${parameters.map((parameter) => renderInput(document, anchor, parameter))}
    ${
      jsonBody === undefined
        ? ""
        : html`<label for="${anchor}-body">Body</label>
            <textarea
              id="${anchor}-body"
              name="body"
              rows="${Math.min(14, body.split("\n").length + 1)}"
              spellcheck="false"
            >
${body}</textarea>`
    }
    <button type="submit">Send</button>
    <div class="answer" role="status" aria-live="polite"></div>
  </form>`;
}

function renderInput(document: ApiDocument, anchor: string, parameter: Parameter): Html {
  const { name, required, schema } = parameter;
  const id = `${anchor}-${parameter.in}-${name}`;
  return html`<label for="${id}">${name} <span class="type">${typeOf(document, schema)}</span></label>
    <input
      id="${id}"
      data-in="${parameter.in}"
      data-name="${name}"
      ${required ? "required" : ""}
      autocomplete="off"
    />`;
}
