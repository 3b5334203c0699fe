/** What a service of the local stack needs to start. Services never read the environment themselves. */
export type ServiceOptions = {
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Folder that is this service's alone; what must survive a restart lives here. Made if missing. */
  stateFolder: string;
  /** One line of progress or trouble for the person at the terminal. */
  log: (line: string) => void;
};

/** A service that is up and answering. */
export type RunningService = {
  /** Base URL without a trailing slash, for example http://127.0.0.1:8790. */
  url: string;
  /** Finishes what is in flight, flushes to disk and frees the port. */
  stop: () => Promise<void>;
};
