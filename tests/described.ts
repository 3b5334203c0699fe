import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { z } from "zod";

const Media = z.object({ schema: z.record(z.string(), z.unknown()).optional() });
const Description = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        responses: z.record(z.string(), z.object({ content: z.record(z.string(), Media).optional() })),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

type Answered = { method: string; path: string; status: number; mediaType: string; body: unknown };

/** Throws when an answer is one that the API's own description does not allow. */
export type CheckAnswer = (answered: Answered) => void;

/** Checks are compiled from a schema once, whoever of a file's clients asks first. */
const descriptions = new Map<string, Promise<CheckAnswer>>();

/** Reads the description of a running shop. */
export function readDescription(api: string): Promise<CheckAnswer> {
  const description = descriptions.get(api) ?? compileDescription(api);
  descriptions.set(api, description);
  return description;
}

async function compileDescription(api: string): Promise<CheckAnswer> {
  const response = await fetch(`${api}/openapi.json`);
  const { paths, components } = Description.parse(await response.json());
  const routes = Object.entries(paths).map(([template, operations]) => ({
    template,
    pattern: new RegExp(`^(?:/v1)?${template.replaceAll(/[.]/g, "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    operations,
  }));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: "https://shop.invalid/", components });
  const compiled = new Map<string, ValidateFunction>();

  return ({ method, path, status, mediaType, body }) => {
    const [pathname = ""] = path.split("?");
    // A literal path comes before one with a parameter in its place.
    const matching = routes.filter((route) => route.pattern.test(pathname));
    const route = matching.find((each) => !each.template.includes("{")) ?? matching[0];
    const operation = route?.operations[method.toLowerCase()];
    if (route === undefined || operation === undefined) return;
    const name = `${method} ${route.template} → ${status}`;
    const described = operation.responses[String(status)];
    if (described === undefined) throw new Error(`${name} is not described: ${JSON.stringify(body)}`);
    const schema = described.content?.[mediaType]?.schema;
    if (schema === undefined || !mediaType.includes("json") || mediaType.includes("ndjson")) return;
    const validate = compiled.get(name) ?? ajv.compile(pointInto(schema));
    compiled.set(name, validate);
    if (!validate(body))
      throw new Error(
        `${name} is not as described: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body)}`,
      );
  };
}

/** The schema with its references pointing into the registered description. */
function pointInto(schema: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"https://shop.invalid/#/components/');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}
