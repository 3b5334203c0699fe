import { startSearch } from "#local/search/start-search";

/** Runs the search server on the folder named by the first argument until it is killed; tells the tests its URL. */
const [, , stateFolder = "", masterKey = ""] = process.argv;
const search = await startSearch({ port: 0, stateFolder, masterKey, log: () => undefined });
console.log(search.url);
