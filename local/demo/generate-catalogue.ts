import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { seededRandom } from "../seeded-random.ts";

/**
 * Writes a Shopify product export of as many made-up products as asked for:
 * `node local/demo/generate-catalogue.ts --products 100000 --seed 1 catalogue-100k.csv`. The same seed gives the same
 * file.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    products: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
  },
});
const [file] = positionals;
const products = Number(values.products);
if (file === undefined || !Number.isInteger(products) || products < 1) {
  console.error("Usage: node local/demo/generate-catalogue.ts [--products 10000] [--seed 1] FILE.csv");
  process.exit(1);
}

const PROGRESS_EVERY = 10_000;

const HEADER = [
  ..."Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published".split(","),
  ..."Option1 Name,Option1 Value,Option2 Name,Option2 Value".split(","),
  ..."Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price".split(","),
  ..."Variant Barcode,Image Src,Image Position,Image Alt Text,Status".split(","),
];

const BRANDS = [
  ..."Alderpeak,Northlight,Fjellvind,Copperline,Harrow & Pine,Tidewater Mills,Lumenwright,Kestrel".split(","),
  ..."Saltmarsh,Emberstead,Quietwater,Bramble & Co,Ridgeback,Meridian Goods,Stonefold,Low Tide".split(","),
  ..."Hawthorn Row,Kiln & Loom,Paperbark,Oxbow,Larkspur,Graywacke,Vesper,Tamarack".split(","),
];
const NAMES = [
  ..."Ridgeline,Hollow Creek,Drizzle,Harbour,Switchback,Summit,Cairn,Scree,Tide,Lark,Nightfall,Spark".split(
    ",",
  ),
  ..."Beacon,Traverse,Daybreak,Vapour,Granite,Cedar,Walnut,Heather,Solstice,Meadow,Thicket,Boulder".split(
    ",",
  ),
  ..."Juniper,Estuary,Foxglove,Glacier,Heron,Ironwood,Kelp,Lichen,Moorland,Nettle,Osprey,Plover".split(","),
];

type Kind = {
  type: string;
  category: string;
  tags: string;
  sizes: string[];
  colours: string[];
  price: number;
};

const CLOTHING = ["XS", "S", "M", "L", "XL"];
const SHOES = ["38", "39", "40", "41", "42", "43", "44", "45"];
const COLOURS = ["Black", "Navy", "Moss", "Rust", "Sand", "Slate", "Berry", "White"];

const KINDS: Kind[] = [
  kind("Rain Jacket", "Apparel > Jackets", "rain, waterproof, hiking", CLOTHING, 179),
  kind("Down Jacket", "Apparel > Jackets", "insulated, winter, warm", CLOTHING, 259),
  kind("Fleece", "Apparel > Tops", "fleece, midlayer", CLOTHING, 89),
  kind("T-Shirt", "Apparel > Tops", "tee, cotton", CLOTHING, 32),
  kind("Sweater", "Apparel > Tops", "jumper, wool, knit", CLOTHING, 99),
  kind("Hiking Trousers", "Apparel > Trousers", "pants, stretch", ["28", "30", "32", "34", "36"], 109),
  kind("Trail Running Shoes", "Footwear > Running Shoes", "trainers, running", SHOES, 139),
  kind("Hiking Boots", "Footwear > Hiking Boots", "boots, waterproof, leather", SHOES, 209),
  kind("Backpack", "Packs & Bags > Backpacks", "rucksack, hiking", ["S/M", "M/L"], 149),
  kind("Duffel Bag", "Packs & Bags > Duffels", "holdall, travel", ["40 l", "60 l", "90 l"], 129),
  kind("Tent", "Camping > Tents", "shelter, backpacking", ["1 person", "2 person", "4 person"], 449),
  kind("Sleeping Bag", "Camping > Sleeping Bags", "down, mummy", ["Regular", "Long"], 239),
  kind("Headlamp", "Camping > Lighting", "torch, flashlight, light", ["One size"], 59),
  kind("Stove", "Camping > Stoves & Cookware", "burner, gas, cooking", ["One size"], 69),
  kind("Water Bottle", "Camping > Stoves & Cookware", "flask, steel, hydration", ["500 ml", "750 ml"], 34),
  kind("Coffee Grinder", "Kitchen > Coffee", "burr, coffee", ["One size"], 89),
  kind("Blanket", "Home > Blankets", "throw, wool, sofa", ["Single", "Double"], 119),
  kind("Desk Lamp", "Home > Lighting", "lamp, brass, office", ["One size"], 149),
];

const SENTENCES = [
  "Made for days when the forecast was wrong.",
  "It packs small, dries fast and lasts for years.",
  "Every seam is where a hand would have put it.",
  "Tested on wet rock, in warm kitchens and on late trains.",
  "The fabric is recycled and the zips can be replaced.",
  "Light enough to forget and strong enough to remember.",
  "Repairs are free for as long as we are around.",
  "Designed by people who carry their own luggage.",
];

const random = seededRandom(Number(values.seed));
const output = createWriteStream(file);
await write(`${HEADER.join(",")}\r\n`);
for (let number = 1; number <= products; number++) {
  await write(productRows(number));
  if (number % PROGRESS_EVERY === 0) console.log(`${number} of ${products} products`);
}
output.end();
await once(output, "finish");
console.log(`${file}: ${products} products`);

async function write(text: string): Promise<void> {
  if (!output.write(text)) await once(output, "drain");
}

function productRows(number: number): string {
  const { type, category, tags, sizes, colours, price } = pick(KINDS);
  const brand = pick(BRANDS);
  const name = pick(NAMES);
  const title = `${name} ${type} ${number}`;
  const handle = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const cost = Math.round(price * (0.6 + random() * 0.9));
  const image = `https://images.tradewind.example/generated/${handle}.jpg`;
  const sentences = [pick(SENTENCES), pick(SENTENCES)].join(" ");
  const status = random() < 0.97 ? "active" : "draft";
  const product = [title, `<p>The ${name}. ${sentences}</p>`, brand, category, type, tags, "TRUE"];
  const chosen = sizes.flatMap((size) => some(colours).map((colour) => [size, colour] as const));
  return chosen
    .map(([size, colour], index) => {
      const first = index === 0;
      const sku = `G${number}-${index + 1}`;
      const quantity = random() < 0.1 ? 0 : Math.floor(random() * 80);
      const compareAt = number % 5 === 0 ? `${cost + 20}.00` : "";
      const variant = ["Size", size, "Colour", colour, sku, 400, quantity, `${cost}.00`, compareAt, ""];
      const shown = first ? [image, 1, title, status] : ["", "", "", ""];
      return [handle, ...(first ? product : product.map(() => "")), ...variant, ...shown]
        .map(quoted)
        .join(",");
    })
    .join("\r\n")
    .concat("\r\n");
}

function kind(type: string, category: string, tags: string, sizes: string[], price: number): Kind {
  return { type, category, tags, sizes, colours: COLOURS, price };
}

/** One colour, sometimes two: a product of the generated shop has about five variants. */
function some(colours: readonly string[]): string[] {
  const start = Math.floor(random() * (colours.length - 1));
  return colours.slice(start, start + (random() < 0.3 ? 2 : 1));
}

function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
