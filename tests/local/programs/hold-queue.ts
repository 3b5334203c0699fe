import { startQueue } from "#local/queue/start-queue";

/** Runs the queue on the folder named by the first argument until it is killed; tells the tests its URL. */
const [, , stateFolder = "", token = "", retryDelayScale = "1"] = process.argv;
const queue = await startQueue({
  port: 0,
  stateFolder,
  token,
  currentSigningKey: "sig_current",
  nextSigningKey: "sig_next",
  retryDelayScale: Number(retryDelayScale),
  log: () => undefined,
});
console.log(queue.url);
