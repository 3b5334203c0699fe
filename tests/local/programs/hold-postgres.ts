import { startPostgres } from "#local/postgres/postgres";

/** Runs Postgres on the folder named by the first argument until it is killed; tells the tests its URL. */
const [, , stateFolder = ""] = process.argv;
const postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: console.error });
console.log(postgres.url);
