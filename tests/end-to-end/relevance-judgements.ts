/**
 * What people who know the demo catalogue hold for the right answers: a query, and the products by handle with 3 for
 * what was asked for, 2 for what also serves, 1 for what is not wrong. All others are worth nothing.
 */
export type Judgement = {
  readonly kind: string;
  readonly query: string;
  readonly grades: Readonly<Record<string, number>>;
};

const rainwear = {
  "ridgeline-rain-jacket": 3,
  "drizzle-anorak": 3,
  "storm-chaser-3-in-1-parka": 1,
  "kids-rain-suit": 1,
};
const jackets = {
  "ridgeline-rain-jacket": 3,
  "hollow-creek-down-jacket": 3,
  "wool-shirt-jacket": 3,
  "kids-fleece-jacket": 3,
  "drizzle-anorak": 2,
  "storm-chaser-3-in-1-parka": 2,
  "fell-runner-wind-shirt": 1,
};
const tents = {
  "lark-1-ultralight-tent": 3,
  "lark-2-ultralight-tent": 3,
  "homestead-6-family-tent": 3,
  "tarp-3x3": 1,
};
const sleepingBags = {
  "nightfall-0-sleeping-bag": 3,
  "nightfall-10-sleeping-bag": 3,
  "backyard-sleeping-bag": 3,
};
const stoves = { "spark-canister-stove": 3, "basecamp-two-burner-stove": 3 };
const backpacks = { "traverse-45-backpack": 3, "traverse-65-backpack": 3, "daybreak-22-daypack": 3 };
const runningShoes = { "scree-gtx-trail-running-shoes": 3, "pacer-road-running-shoes": 3 };
const trousers = {
  "switchback-hiking-trousers": 3,
  "switchback-zip-off-trousers": 3,
  "canvas-work-trousers": 3,
};
const socks = { "summit-merino-socks": 3, "trail-runner-socks-2-pack": 3 };
const torches = { "pocket-torch": 3, "beacon-400-headlamp": 2 };
const sweaters = { "harbour-cotton-sweater": 3, "grid-fleece-pullover": 2 };
const gloves = { "liner-gloves": 3, "alpine-mittens": 2 };
const tees = { "merino-t-shirt-150": 3, "trail-tee": 3 };
const duffels = { "expedition-duffel-90": 3, "waxed-canvas-weekender": 3 };
const hats = { "fisherman-beanie": 3, "sun-cap": 3 };
const sandals = { "tide-sandals": 3 };

const asked: Readonly<Record<string, readonly (readonly [string, Readonly<Record<string, number>>])[]>> = {
  "as the shop says it": [
    ["rain jacket", rainwear],
    ["tent", tents],
    ["sleeping bag", sleepingBags],
    ["hiking boots", { "cairn-mid-hiking-boots": 3, "cairn-low-hiking-shoes": 2 }],
    ["down jacket", { "hollow-creek-down-jacket": 3, "hollow-creek-down-vest": 2 }],
    ["coffee grinder", { "hand-coffee-grinder": 3, "pour-over-coffee-dripper": 1 }],
    ["desk lamp", { "brass-desk-lamp": 3 }],
    ["climbing rope", { "9-8-mm-climbing-rope": 3, "granite-climbing-harness": 1 }],
    ["duvet cover", { "washed-linen-duvet-cover": 3 }],
    ["sleeping mat", { "featherweight-sleeping-mat": 3 }],
    ["first aid", { "first-aid-kit-trail": 3 }],
    ["dry bag", { "roll-top-dry-bag-20": 3 }],
  ],
  "with typos": [
    ["jackt", jackets],
    ["rian jacket", rainwear],
    ["tnet", tents],
    ["sleping bag", sleepingBags],
    ["bakcpack", backpacks],
    ["headlmap", { "beacon-400-headlamp": 3, "pocket-torch": 1 }],
    ["hikking boots", { "cairn-mid-hiking-boots": 3, "cairn-low-hiking-shoes": 2 }],
    ["trowsers", trousers],
    ["cofee griner", { "hand-coffee-grinder": 3, "pour-over-coffee-dripper": 1 }],
    ["lantren", { "firefly-camp-lantern": 3 }],
    ["sandels", sandals],
    ["swaeter", sweaters],
    ["climbing harnes", { "granite-climbing-harness": 3, "9-8-mm-climbing-rope": 1 }],
    ["blankett", { "lambswool-throw": 3 }],
  ],
  "in the plural or the singular": [
    ["jackets", jackets],
    ["tents", tents],
    ["sleeping bags", sleepingBags],
    ["sandal", sandals],
    ["sock", socks],
    ["backpacks", backpacks],
    ["hiking boot", { "cairn-mid-hiking-boots": 3, "cairn-low-hiking-shoes": 2 }],
    ["candles", { "cedar-smoke-candle": 3 }],
    ["stoves", stoves],
    ["paddles", { "four-piece-paddle": 3, "packraft-explorer": 1 }],
    ["helmets", { "commuter-bike-helmet": 3 }],
    ["napkin", { "linen-napkins-set-of-4": 3 }],
  ],
  "in other words": [
    ["rucksack", backpacks],
    ["flashlight", torches],
    ["torch", torches],
    ["jumper", sweaters],
    ["pants", trousers],
    ["sneakers", { ...runningShoes, "cairn-low-hiking-shoes": 1 }],
    ["trainers", { ...runningShoes, "cairn-low-hiking-shoes": 1 }],
    ["gilet", { "hollow-creek-down-vest": 3, "vapour-5-running-vest": 1 }],
    ["coat", { ...jackets, "storm-chaser-3-in-1-parka": 3, "drizzle-anorak": 3 }],
    ["mittens", { "alpine-mittens": 3, "liner-gloves": 2 }],
    ["frying pan", { "carbon-steel-skillet": 3 }],
    ["flask", { "insulated-bottle-750": 3, "vapour-5-running-vest": 1 }],
    ["cooker", stoves],
    ["bicycle helmet", { "commuter-bike-helmet": 3 }],
    ["holdall", duffels],
    ["tshirt", tees],
    ["t-shirt", tees],
    ["sleeping pad", { "featherweight-sleeping-mat": 3 }],
    ["mitts", { "alpine-mittens": 3, "liner-gloves": 1 }],
  ],
  "brand and kind": [
    ["alderpeak backpack", { "traverse-45-backpack": 3, "traverse-65-backpack": 3 }],
    ["northlight sleeping bag", { "nightfall-0-sleeping-bag": 3, "nightfall-10-sleeping-bag": 3 }],
    ["fjellvind tent", { "lark-1-ultralight-tent": 3, "lark-2-ultralight-tent": 3 }],
    ["ridgeback shoes", runningShoes],
    ["saltmarsh sweater", { "harbour-cotton-sweater": 3 }],
    ["lumenwright lamp", { "brass-desk-lamp": 3, "firefly-camp-lantern": 2, "beacon-400-headlamp": 1 }],
    ["kestrel helmet", { "commuter-bike-helmet": 3 }],
    ["northlight socks", { "summit-merino-socks": 3 }],
    ["copperline wallet", { "leather-card-wallet": 3 }],
    ["emberstead stove", { "basecamp-two-burner-stove": 3 }],
    ["harrow pine blanket", { "lambswool-throw": 3 }],
  ],
  "by what it is like": [
    ["waterproof boots", { "cairn-mid-hiking-boots": 3 }],
    ["merino", { "merino-180-base-layer": 3, "merino-t-shirt-150": 3, "summit-merino-socks": 3 }],
    ["ultralight tent", { "lark-1-ultralight-tent": 3, "lark-2-ultralight-tent": 3 }],
    ["family tent", { "homestead-6-family-tent": 3 }],
    ["kids jacket", { "kids-fleece-jacket": 3, "kids-rain-suit": 2 }],
    ["winter sleeping bag", { "nightfall-0-sleeping-bag": 3, "nightfall-10-sleeping-bag": 3 }],
    ["leather wallet", { "leather-card-wallet": 3 }],
    ["two person tent", { "lark-2-ultralight-tent": 3, "lark-1-ultralight-tent": 1 }],
    ["gas stove", stoves],
    ["navy jacket", { "ridgeline-rain-jacket": 3 }],
    ["black gloves", { "alpine-mittens": 3 }],
    ["linen", { "linen-napkins-set-of-4": 3, "washed-linen-duvet-cover": 3 }],
    ["sun protection", { "sun-hoody-upf-50": 3, "sun-cap": 3 }],
    ["beanie", { ...hats, "sun-cap": 1 }],
    ["road running shoes", { "pacer-road-running-shoes": 3, "scree-gtx-trail-running-shoes": 2 }],
    ["laptop backpack", { "daybreak-22-daypack": 3 }],
    ["waterproof bag", { "roll-top-dry-bag-20": 3, "expedition-duffel-90": 3 }],
    ["liner gloves", gloves],
  ],
};

export const judgements: readonly Judgement[] = Object.entries(asked).flatMap(([kind, queries]) =>
  queries.map(([query, grades]) => ({ kind, query, grades })),
);
