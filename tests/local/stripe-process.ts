import { z } from "zod";
import { startStripe } from "#local/stripe/start-stripe";

/** A simulator of its own process, for tests that kill it. Nobody listens at its webhook address. */
const [stateFolder, secretKey, publishableKey, webhookSecret] = z
  .tuple([z.string(), z.string(), z.string(), z.string()])
  .parse(process.argv.slice(2));

const { url } = await startStripe({
  port: 0,
  stateFolder,
  secretKey,
  publishableKey,
  webhookSecret,
  webhookUrl: "http://127.0.0.1:1/webhooks/stripe",
  log: console.error,
});
console.log(url);
