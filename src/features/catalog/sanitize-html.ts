import { Parser } from "htmlparser2";

/** Elements that a product description may have; they lose every attribute but those named here. */
const allowedAttributes: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...[
    ..."p div br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd strong b em i u s small sub sup".split(" "),
    ..."blockquote code pre table caption thead tbody tfoot tr".split(" "),
  ].map((name): [string, string[]] => [name, []]),
  ["th", ["colspan", "rowspan"]],
  ["td", ["colspan", "rowspan"]],
  ["a", ["href", "title"]],
  ["img", ["src", "alt", "width", "height"]],
]);
const voidElements = new Set(["br", "hr", "img"]);
/** Elements whose text is no prose and goes with them. */
const droppedWithContent = new Set(
  "script style iframe object embed applet noscript noembed noframes template svg math head title textarea select xmp".split(
    " ",
  ),
);
const schemesOfLinks = new Set(["http:", "https:", "mailto:", "tel:"]);
const schemesOfImages = new Set(["http:", "https:"]);
/** Deeper elements lose their tags and keep their text. */
const depthMax = 32;

/**
 * Rebuilds HTML from an allow-list: every tag and attribute in the result was written here, and all other text is
 * escaped, so that nothing a browser would run can pass. Unclosed elements are closed.
 */
export function sanitizeHtml(html: string): string {
  let result = "";
  const open: string[] = [];
  let droppedDepth = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (droppedDepth > 0 || droppedWithContent.has(name)) droppedDepth++;
      else if (voidElements.has(name)) result += tag(name, attributes);
      else if (allowedAttributes.has(name) && open.length < depthMax) {
        open.push(name);
        result += tag(name, attributes);
      }
    },
    ontext(text) {
      if (droppedDepth === 0) result += escapeHtml(text);
    },
    onclosetag(name) {
      if (droppedDepth > 0) droppedDepth--;
      else if (open.includes(name)) {
        for (let last = open.pop(); last !== undefined; last = open.pop()) {
          result += `</${last}>`;
          if (last === name) break;
        }
      }
    },
  });
  parser.end(html.replaceAll("\0", "").toWellFormed());
  return (
    result +
    open
      .toReversed()
      .map((name) => `</${name}>`)
      .join("")
  );
}

function tag(name: string, attributes: Readonly<Record<string, string>>): string {
  const kept = (allowedAttributes.get(name) ?? []).flatMap((attribute) => {
    const value = attributes[attribute];
    const safe = value === undefined ? undefined : safeValue(attribute, value);
    return safe === undefined ? [] : [` ${attribute}="${escapeHtml(safe)}"`];
  });
  if (name === "a" && kept.length > 0) kept.push(' rel="noopener"');
  return `<${name}${kept.join("")}>`;
}

function safeValue(attribute: string, value: string): string | undefined {
  if (attribute === "href") return safeUrl(value, schemesOfLinks);
  if (attribute === "src") return safeUrl(value, schemesOfImages);
  if (attribute === "alt" || attribute === "title") return value;
  return /^\d{1,4}$/.test(value) ? value : undefined;
}

/** Parsed as a browser parses it, against a shop's page, so that no spelling of a scheme slips through. */
function safeUrl(value: string, schemes: ReadonlySet<string>): string | undefined {
  const url = URL.parse(value, "https://shop.invalid/");
  if (url === null || !schemes.has(url.protocol)) return undefined;
  return url.origin === "https://shop.invalid" ? url.pathname + url.search + url.hash : url.href;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
