import { z } from "zod";
import { startPaypal } from "#local/paypal/start-paypal";

/** A simulator of its own process, for tests that kill it. Nobody listens at its webhook address. */
const [stateFolder, clientId, clientSecret, webhookId] = z
  .tuple([z.string(), z.string(), z.string(), z.string()])
  .parse(process.argv.slice(2));

const { url } = await startPaypal({
  port: 0,
  stateFolder,
  clientId,
  clientSecret,
  webhookId,
  webhookUrl: "http://127.0.0.1:1/webhooks/paypal",
  log: console.error,
});
console.log(url);
